export type FieldValue = string | number | boolean;

/** What is known of a document or a record beside its text: from its front matter, its head, its own fields, its path. */
export type Fields = Readonly<Record<string, FieldValue | readonly FieldValue[]>>;

/** A line of text, and the lines of the file (of a PDF: the pages) that it comes from; both from 1, inclusive. */
export interface Line {
  text: string;
  start: number;
  end: number;
}

/** What stands under one heading, or one record. */
export interface Section {
  /** The heading with those above it, the highest first; empty texts where a level was skipped. */
  headings: readonly string[];
  lines: Line[];
  /** Those of a record; they win over the document's. */
  fields?: Fields;
}

/** A document as its reader understood it. */
export interface StructuredDocument {
  fields: Fields;
  sections: readonly Section[];
  /** Its end is left out, because it is too long. */
  incomplete?: boolean;
}

/** The lines of a text, numbered from `first`. */
export function numberedLines(content: string, first = 1): Line[] {
  return content.split(/\r?\n/).map((text, index) => ({ text, start: first + index, end: first + index }));
}

/** Collects sections from headings and lines in the order of the text. */
export class Outline {
  readonly sections: Section[];

  /** @param title stands above what comes before the first heading */
  constructor(title?: string) {
    this.sections = [{ headings: title ? [title] : [], lines: [] }];
  }

  heading(level: number, text: string): void {
    // Filled up when levels are skipped, so that the next heading of any level finds its place.
    const current = this.sections.at(-1)?.headings ?? [];
    const above = Array.from({ length: level - 1 }, (_, index) => current[index] ?? '');
    this.sections.push({ headings: [...above, text], lines: [] });
  }

  line(line: Line): void {
    this.sections.at(-1)?.lines.push(line);
  }
}
