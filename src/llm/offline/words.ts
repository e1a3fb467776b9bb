/** English words that say nothing about the subject of a question. */
const stopWords: ReadonlySet<string> = new Set(
  (
    'a about above after again all also am an and any anyone anything are as at be because been before being below ' +
    'between both but by can could did do does doing done down each else ever every few for from further get gets ' +
    'give go going had has have having he hello help her here hers hey hi him his how however i if in into is it its ' +
    'itself just kindly know let like ll look make many may me might more most much must my myself need no nor not ' +
    'now of off ok on once one only or other our out over own per please re s same shall she should show so some ' +
    'someone something such t tell than thank thanks that the their them then there these they thing this those ' +
    'through to too under until up us use used using ve very want was way we well were what when where which while ' +
    'who whom whose why will with would yes you your yours'
  ).split(' '),
);

/** The words of a text in lower case, in order; `camelCase` and `snake_case` names count as several. */
export function wordsOf(text: string): string[] {
  const spaced = text.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase();
  return spaced.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The stems of the words that carry meaning, each once. */
export function meaningfulStems(text: string): Set<string> {
  const stems = new Set<string>();
  for (const word of wordsOf(text)) if (!stopWords.has(word)) stems.add(stem(word));
  return stems;
}

/** How many of `wanted` are in `present`. */
export function overlap(wanted: Iterable<string>, present: ReadonlySet<string>): number {
  let count = 0;
  for (const word of wanted) if (present.has(word)) count += 1;
  return count;
}

/** A light stemmer: it only has to give the forms of one word the same stem, not a readable one. */
export function stem(word: string): string {
  if (word.length <= 3 || /\d/.test(word)) return word;
  const singular = word
    .replace(/ies$/, 'y')
    .replace(/(ss|x|z|ch|sh)es$/, '$1')
    .replace(/([^sui])s$/, '$1');
  const bare = singular.replace(/^(.{3,})(?:ations?|ing|ed)$/, '$1');
  // shipped, shipping: ship; but calling: call.
  const single = bare === singular ? bare : bare.replace(/([bdgmnprt])\1$/, '$1');
  return single.length > 3 ? single.replace(/e$/, '') : single;
}
