/** Words that stand in nearly every English passage, and so find everything. */
const stopWords = new Set(
  `a about an and any are as at be been but by can could did do does for from had has have how i if in into is it its
  me my of on or our shall should so than that the their them then there these they this those to us was we were what
  when where which who why will with would you your`.split(/\s+/),
);

/** Words of a query beyond these only cost time: each is looked up by prefix and with typing errors. */
const maximumTerms = 24;

/** The words of a query, each once. */
export function queryTerms(query: string): string[] {
  return [...new Set(query.split(/[\s\p{P}]+/u).filter(Boolean))].slice(0, maximumTerms);
}

/** One spelling for accents and case; null leaves the word out of the index and the query. */
export function processTerm(term: string): string | null {
  const word = term.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return stopWords.has(word) ? null : word;
}
