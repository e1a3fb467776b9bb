import { parse } from 'yaml';
import { numberedLines, Outline } from './document.ts';
import type { StructuredDocument } from './document.ts';
import { toFields } from './fields.ts';

/** Longer lines are no headings. */
const maximumHeading = 500;
/** More than this between two `---` is text. */
const maximumFrontMatter = 65_536;

/** Sections by `#` headings; YAML front matter is metadata, its `title` the heading of what comes first. */
export function readMarkdown(content: string): StructuredDocument {
  const frontMatter = frontMatterOf(content);
  const fields = toFields(parseYaml(frontMatter));
  const title = fields['title'];
  const outline = new Outline(typeof title === 'string' ? title : undefined);
  let fence = '';
  const firstLine = frontMatter.split('\n').length;
  for (const line of numberedLines(content.slice(frontMatter.length), firstLine)) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line.text)?.[1] ?? '';
    if (!fence) fence = mark;
    else if (mark.startsWith(fence)) fence = '';
    const mayBeHeading = !fence && line.text.length <= maximumHeading;
    const [, level, heading] =
      (mayBeHeading && /^ {0,3}(#{1,6})\s+(.+?)(?:\s+#+)?\s*$/.exec(line.text)) || [];
    if (level && heading) outline.heading(level.length, heading);
    else outline.line(line);
  }
  return { fields, sections: outline.sections };
}

function frontMatterOf(content: string): string {
  const head = content.slice(0, maximumFrontMatter);
  return /^---\r?\n[\s\S]*?\r?\n---(?:\r?\n|$)/.exec(head)?.[0] ?? '';
}

/** Undefined for what is no YAML: the text is worth finding all the same. */
function parseYaml(frontMatter: string): unknown {
  try {
    return parse(frontMatter.replace(/^---/, '').replace(/---\s*$/, ''), { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
