import { numberedLines } from './document.ts';
import type { Line, Section, StructuredDocument } from './document.ts';
import { entryLines } from './json-lines.ts';
import { toFields } from './fields.ts';

type LineRange = Pick<Line, 'start' | 'end'>;

const maximumDepth = 16;
const firstLine: LineRange = { start: 1, end: 1 };

/**
 * One section for each record (element of a list, entry of an object) as lines `path: value`, with the record's own
 * fields; what is no JSON is read as text, since its words can be found all the same.
 */
export function readJson(content: string): StructuredDocument {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null) {
      return { fields: {}, sections: [{ headings: [], lines: [{ text: String(value), ...firstLine }] }] };
    }
    return { fields: toFields(value), sections: recordSections(value, entryLines(content)) };
  } catch {
    return { fields: {}, sections: [{ headings: [], lines: numberedLines(content) }] };
  }
}

function recordSections(value: object, lines: ReadonlyMap<string, LineRange>): Section[] {
  const isList = Array.isArray(value);
  const loose: Section = { headings: [], lines: [] };
  const records: Section[] = [];
  for (const [key, entry] of Object.entries(value)) {
    const range = lines.get(key) ?? firstLine;
    if (typeof entry === 'object' && entry !== null) {
      records.push({
        headings: [isList ? titleOf(entry as object) : key],
        lines: valueLines(entry, '', 0).map((text) => ({ text, ...range })),
        fields: toFields(entry),
      });
    } else loose.lines.push({ text: isList ? String(entry) : `${key}: ${String(entry)}`, ...range });
  }
  return [loose, ...records];
}

function titleOf(element: object): string {
  const fields = element as Record<string, unknown>;
  const title = ['title', 'name', 'heading', 'question', 'id'].map((field) => fields[field]).find(isTitle);
  return title === undefined ? '' : String(title);
}

function valueLines(value: unknown, path: string, depth: number): string[] {
  if (typeof value !== 'object' || value === null)
    return [path ? `${path}: ${String(value)}` : String(value)];
  if (depth >= maximumDepth) return [`${path}: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, entry]) => {
    const name = Array.isArray(value) ? path : [path, key].filter(Boolean).join('.');
    return valueLines(entry, name, depth + 1);
  });
}

function isTitle(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
