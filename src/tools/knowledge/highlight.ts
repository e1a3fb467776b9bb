import { processTerm } from './search-terms.ts';

/** Characters of an excerpt, its marks not counted. */
const maximumExcerpt = 240;

interface Word {
  start: number;
  end: number;
}

/**
 * The part of a passage with most of the words that were found, on one line, those words between `**`. A passage that
 * was found by its heading alone or by its meaning begins at its beginning.
 * @param terms as the index spells them
 */
export function highlight(text: string, terms: ReadonlySet<string>): string {
  const words = [...text.matchAll(/[^\s\p{P}]+/gu)]
    .filter(([word]) => terms.has(processTerm(word) ?? ''))
    .map(({ 0: word, index }): Word => ({ start: index, end: index + word.length }));
  const from = beginningOf(text, bestWindow(words));
  const to = text.length - from > maximumExcerpt ? wordEnd(text, from, from + maximumExcerpt) : text.length;
  let marked = '';
  let position = from;
  for (const { start, end } of words.filter((word) => word.start >= from && word.end <= to)) {
    marked += `${text.slice(position, start)}**${text.slice(start, end)}**`;
    position = end;
  }
  marked += text.slice(position, to);
  const line = marked.replaceAll(/\s+/g, ' ').trim();
  return `${from > 0 ? '… ' : ''}${line}${to < text.length ? ' …' : ''}`;
}

/** Where the window with most words begins. */
function bestWindow(words: readonly Word[]): number {
  let best = { start: 0, count: 0 };
  let last = 0;
  for (const [first, { start }] of words.entries()) {
    while ((words[last]?.end ?? Number.POSITIVE_INFINITY) <= start + maximumExcerpt) last += 1;
    if (last - first > best.count) best = { start, count: last - first };
  }
  return best.start;
}

/** The sentence or line that the window begins in, when it begins shortly before; else the word itself. */
function beginningOf(text: string, start: number): number {
  const before = text.slice(Math.max(0, start - maximumExcerpt / 3), start);
  const sentence = /(?:^|\n|[.!?]\s)([^\n.!?]*)$/.exec(before)?.[1];
  return sentence === undefined || (sentence.length === before.length && start > before.length)
    ? start
    : start - sentence.length;
}

function wordEnd(text: string, from: number, to: number): number {
  if (/\s/.test(text.charAt(to))) return to;
  const space = text.slice(from, to).search(/\s\S*$/);
  return space > 0 ? from + space : to;
}
