import { asText } from './chat.ts';
import type { Question } from './conversation.ts';
import { meaningfulStems, overlap } from './words.ts';

const noneNames =
  /^(?:none|no[\s_-]?(?:match|fit|scenario|value)|other|unknown|default|fallback|null|n\/a|)$/i;

/**
 * The value whose own words, or the words that `texts` say about it (`- refunds: about money back`), share most
 * with the question. Nothing shared: the value that means "none", else the first.
 */
export function chooseValue(
  values: readonly unknown[],
  question: Question,
  texts: readonly string[],
): unknown {
  const none = values.find((value) => noneNames.test(asText(value)));
  const descriptions = describe(values, texts);
  let best: { value: unknown; score: number } | undefined;
  for (const value of values) {
    if (value === none) continue;
    const score = overlap(
      question.stems,
      meaningfulStems(`${asText(value)} ${descriptions.get(value) ?? ''}`),
    );
    if (score > (best?.score ?? 0)) best = { value, score };
  }
  if (best) return best.value;
  return none === undefined ? values[0] : none;
}

/** What the texts say after the name of each value, up to the next name or an empty line. */
function describe(values: readonly unknown[], texts: readonly string[]): Map<unknown, string> {
  const descriptions = new Map<unknown, string>();
  for (const text of texts) {
    let current: unknown;
    for (const line of text.split('\n')) {
      const named = values.find((value) => isNamed(asText(value), line));
      if (named !== undefined || line.trim() === '') current = named;
      if (current !== undefined) descriptions.set(current, `${descriptions.get(current) ?? ''} ${line}`);
    }
  }
  return descriptions;
}

/** Whether the line begins with the value, after marks of a list or quotes, and goes on about it. */
function isNamed(value: string, line: string): boolean {
  const bare = line.replace(/^[\s\-*+"'`#\d.)]+/, '');
  return value !== '' && bare.startsWith(value) && /^["'`*\s]*[:—–-]/.test(bare.slice(value.length));
}
