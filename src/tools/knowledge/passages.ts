/** A piece of a document that is found and quoted as a whole. */
export interface Passage {
  /** The heading that it stands under; empty when there is none. */
  heading: string;
  /** That heading with those above it, for the search: a section is often named only by its chapter. */
  trail: string;
  text: string;
}

interface Section {
  headings: string[];
  lines: string[];
}

/** Characters of a passage: short enough to quote, long enough to answer from. */
export const maximumPassage = 1200;

const maximumJsonDepth = 16;

/** Splits a document by its headings and paragraphs; `name` decides how it is read (`.md`, `.json`, else text). */
export function splitDocument(name: string, content: string): Passage[] {
  const extension = name.slice(name.lastIndexOf('.')).toLowerCase();
  if (extension === '.json') return toPassages(jsonSections(content));
  if (extension === '.md' || extension === '.markdown') return toPassages(markdownSections(content));
  return toPassages([{ headings: [], lines: content.split(/\r?\n/) }]);
}

function markdownSections(content: string): Section[] {
  const frontMatter = /^---\r?\n[\s\S]*?\r?\n---(?:\r?\n|$)/.exec(content)?.[0] ?? '';
  const title = /^title:\s*["']?(.+?)["']?\s*$/m.exec(frontMatter)?.[1];
  let section: Section = { headings: title ? [title] : [], lines: [] };
  const sections = [section];
  let fence = '';
  for (const line of content.slice(frontMatter.length).split(/\r?\n/)) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1] ?? '';
    if (!fence) fence = mark;
    else if (mark.startsWith(fence)) fence = '';
    const [, level, heading] = (!fence && /^ {0,3}(#{1,6})\s+(.+?)(?:\s+#+)?\s*$/.exec(line)) || [];
    if (level && heading) {
      // Filled up when levels are skipped, so that the next heading of any level finds its place.
      const above = Array.from({ length: level.length - 1 }, (_, index) => section.headings[index] ?? '');
      section = { headings: [...above, heading], lines: [] };
      sections.push(section);
    } else section.lines.push(line);
  }
  return sections;
}

/** One section for each element of a list, or for each entry of an object, as lines `path: value`. */
function jsonSections(content: string): Section[] {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null) return [{ headings: [], lines: [String(value)] }];
    const entries = Object.entries(value);
    const scalars = entries.filter(([, entry]) => typeof entry !== 'object' || entry === null);
    const nested = entries.filter(([, entry]) => typeof entry === 'object' && entry !== null);
    return [
      {
        headings: [],
        lines: scalars.map(([key, entry]) => (Array.isArray(value) ? String(entry) : `${key}: ${entry}`)),
      },
      ...nested.map(([key, entry]) => ({
        headings: [Array.isArray(value) ? jsonTitle(entry) : key],
        lines: jsonLines(entry, '', 0),
      })),
    ];
  } catch {
    // Not JSON after all: its words can be found all the same.
    return [{ headings: [], lines: content.split(/\r?\n/) }];
  }
}

function jsonTitle(element: object): string {
  const fields = element as Record<string, unknown>;
  const title = ['title', 'name', 'heading', 'question', 'id'].map((field) => fields[field]).find(isText);
  return title === undefined ? '' : String(title);
}

function jsonLines(value: unknown, path: string, depth: number): string[] {
  if (typeof value !== 'object' || value === null)
    return [path ? `${path}: ${String(value)}` : String(value)];
  if (depth >= maximumJsonDepth) return [`${path}: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, entry]) => {
    const name = Array.isArray(value) ? path : [path, key].filter(Boolean).join('.');
    return jsonLines(entry, name, depth + 1);
  });
}

function isText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function toPassages(sections: readonly Section[]): Passage[] {
  return sections.flatMap(({ headings, lines }) => {
    const heading = headings.at(-1) ?? '';
    const trail = headings.filter(Boolean).join(' ');
    return packParagraphs(lines.join('\n')).map((text) => ({ heading, trail, text }));
  });
}

/** Paragraphs put together up to the maximum; a longer one is cut. */
function packParagraphs(text: string): string[] {
  const passages: string[] = [];
  let current = '';
  const paragraphs = text.split(/\n[^\S\n]*\n/).map((paragraph) => paragraph.trim());
  for (const piece of paragraphs.filter(Boolean).flatMap(cutParagraph)) {
    if (current && current.length + 2 + piece.length > maximumPassage) {
      passages.push(current);
      current = piece;
    } else current = current ? `${current}\n\n${piece}` : piece;
  }
  return current ? [...passages, current] : passages;
}

/** Cuts at the end of a line or sentence, else between words, else anywhere. */
function cutParagraph(paragraph: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (paragraph.length - start > maximumPassage) {
    const window = paragraph.slice(start, start + maximumPassage);
    const ends = ['\n', '. ', ' '].map((mark) => window.lastIndexOf(mark));
    const end = ends.find((index) => index > maximumPassage / 2) ?? maximumPassage - 1;
    // A character outside the basic plane is two code units, which stay together.
    const length = /[\uD800-\uDBFF]$/.test(window.slice(0, end + 1)) ? end : end + 1;
    pieces.push(paragraph.slice(start, start + length).trim());
    start += length;
  }
  return [...pieces, paragraph.slice(start).trim()].filter(Boolean);
}
