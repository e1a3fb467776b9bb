import type { FormatCallback, HtmlToTextOptions } from 'html-to-text';
import { Outline } from './document.ts';
import type { Line, StructuredDocument } from './document.ts';
import { toFields } from './fields.ts';

/** What the head says; the formatters below write into it. */
interface Head {
  title?: string;
  fields: Record<string, string>;
}

/** Private-use characters: they cannot be meant as text, so they carry line numbers and headings through the conversion. */
const numberMark = /\uE000(\d+)\uE001/g;
const marks = /[\uE000-\uE002]/g;
/** Deeper pages are made to break readers. */
const maximumDepth = 200;

/** Sections by `h1` to `h6`; the title and the named `meta` elements are metadata. Scripts and styles are dropped. */
export async function readHtml(content: string): Promise<StructuredDocument> {
  const { convert } = await import('html-to-text');
  const head: Head = { fields: {} };
  const text = convert(numberText(content.replace(marks, '')), options, head);
  const outline = new Outline(head.title);
  let last = 1;
  for (const row of text.split('\n')) {
    const numbers = [...row.matchAll(numberMark)].map(([, number]) => Number(number));
    const line: Line = {
      text: row.replace(numberMark, ''),
      start: numbers[0] ?? last,
      end: numbers.at(-1) ?? last,
    };
    last = line.end;
    const [, level, heading] = /^\uE002(\d)(.*)$/.exec(line.text) ?? [];
    if (level && heading?.trim()) outline.heading(Number(level), heading.trim());
    else outline.line({ ...line, text: line.text.replace(/ \|\s*$/, '') });
  }
  return {
    fields: toFields({ ...head.fields, ...(head.title && { title: head.title }) }),
    sections: outline.sections,
  };
}

/** Writes its line number before and after each text between tags. */
function numberText(html: string): string {
  let line = 1;
  let numbered = '';
  for (const piece of piecesOf(html)) {
    const text = piece.startsWith('<') ? '' : piece.trim();
    const at = piece.indexOf(text);
    const start = line + newlines(piece.slice(0, at));
    line += newlines(piece);
    numbered += text
      ? `${piece.slice(0, at)}${mark(start)}${text}${mark(start + newlines(text))}${piece.slice(at + text.length)}`
      : piece;
  }
  return numbered;
}

function mark(line: number): string {
  return `\uE000${line}\uE001`;
}

/** Tags and comments, each a piece that begins with `<`, and the texts between them. */
function* piecesOf(html: string): Generator<string> {
  let position = 0;
  while (position < html.length) {
    const end = html[position] === '<' ? endOfTag(html, position) : html.indexOf('<', position);
    // A tag that never ends is no tag.
    const next = end === -1 ? html.length : end;
    yield html.slice(position, next);
    position = next;
  }
}

function endOfTag(html: string, start: number): number {
  const close = html.startsWith('<!--', start) ? '-->' : '>';
  const at = html.indexOf(close, start);
  return at === -1 ? -1 : at + close.length;
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

/** The third argument of `convert`, which the library's types leave out. */
function headOf(builder: object): Head {
  return (builder as { metadata: Head }).metadata;
}

const heading: FormatCallback = (element, walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 2 });
  builder.addInline(`\uE002${String(element.name).slice(1)}`);
  walk(element.children, builder);
  builder.closeBlock({ trailingLineBreaks: 2 });
};

const title: FormatCallback = (element, _walk, builder) => {
  const head = headOf(builder);
  const text = element.children.map(({ data }: { data?: string }) => data ?? '').join('');
  head.title ??= text.replace(numberMark, '').replaceAll(/\s+/g, ' ').trim();
};

const meta: FormatCallback = (element, _walk, builder) => {
  const { name, content } = (element.attribs ?? {}) as Record<string, string | undefined>;
  if (name && content) headOf(builder).fields[name.toLowerCase()] = content.replace(numberMark, '');
};

const cell = { format: 'inlineSurround', options: { suffix: ' | ' } };

const options: HtmlToTextOptions = {
  wordwrap: false,
  baseElements: { selectors: ['html'] },
  limits: { maxDepth: maximumDepth },
  formatters: { heading, title, meta },
  selectors: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, format: 'heading' })),
    ...['script', 'style', 'noscript', 'template', 'svg', 'img'].map((selector) => ({
      selector,
      format: 'skip',
    })),
    { selector: 'title', format: 'title' },
    { selector: 'meta', format: 'meta' },
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'td', ...cell },
    { selector: 'th', ...cell },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
  ],
};
