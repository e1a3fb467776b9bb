import type { Fields, Line, Section } from './document.ts';

/** A piece of a document that is found and quoted as a whole. */
export interface Passage {
  /** The heading that it stands under; empty when there is none. */
  heading: string;
  /** That heading with those above it, for the search: a section is often named only by its chapter. */
  trail: string;
  text: string;
  /** First line in the file, of a PDF the page; from 1. */
  start: number;
  /** The last one, inclusive. */
  end: number;
  /** Those of the record that it stands in. */
  fields?: Fields;
}

/** Characters of a passage: short enough to quote, long enough to answer from. */
export const maximumPassage = 1200;

/** Each section's paragraphs, put together up to the maximum. */
export function toPassages(sections: readonly Section[]): Passage[] {
  return sections.flatMap(({ headings, lines, fields }) => {
    const heading = headings.at(-1) ?? '';
    const trail = headings.filter(Boolean).join(' ');
    const own = fields && { fields };
    return packParagraphs(lines).map(({ text, start, end }) => ({
      heading,
      trail,
      text,
      start,
      end,
      ...own,
    }));
  });
}

/** Paragraphs put together up to the maximum; a longer one is cut. */
function packParagraphs(lines: readonly Line[]): Line[] {
  const packed: Line[] = [];
  for (const piece of paragraphsOf(lines).flatMap(cutParagraph)) {
    const current = packed.at(-1);
    if (current && current.text.length + 2 + piece.text.length <= maximumPassage) {
      current.text += `\n\n${piece.text}`;
      current.end = piece.end;
    } else packed.push(piece);
  }
  return packed;
}

function paragraphsOf(lines: readonly Line[]): Line[][] {
  const paragraphs: Line[][] = [[]];
  for (const line of lines) {
    if (line.text.trim()) paragraphs.at(-1)?.push(line);
    else if (paragraphs.at(-1)?.length) paragraphs.push([]);
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0);
}

/** Cuts at the end of a line or sentence, else between words, else anywhere. */
function cutParagraph(lines: readonly Line[]): Line[] {
  const paragraph = lines.map(({ text }) => text).join('\n');
  const pieces: Line[] = [];
  let first = 0;
  const push = (from: number, to: number): void => {
    const raw = paragraph.slice(from, to);
    const crossed = raw.split('\n').length - 1;
    // A piece that ends with a line break ends on that line, not on the next one.
    const last = first + crossed - (raw.endsWith('\n') ? 1 : 0);
    const text = raw.trim();
    if (text) pieces.push({ text, start: lines[first]?.start ?? 1, end: lines[last]?.end ?? 1 });
    first += crossed;
  };
  let start = 0;
  while (paragraph.length - start > maximumPassage) {
    const length = lengthToCut(paragraph.slice(start, start + maximumPassage));
    push(start, start + length);
    start += length;
  }
  push(start, paragraph.length);
  return pieces;
}

function lengthToCut(window: string): number {
  const ends = ['\n', '. ', ' '].map((mark) => window.lastIndexOf(mark));
  const end = ends.find((index) => index > maximumPassage / 2) ?? maximumPassage - 1;
  // A character outside the basic plane is two code units, which stay together.
  return /[\uD800-\uDBFF]$/.test(window.slice(0, end + 1)) ? end : end + 1;
}
