/** The usual constant of reciprocal rank fusion: how little the first ranks differ. */
const k = 60;

/**
 * Puts rankings together by reciprocal rank: what several of them have near their top comes first. Scores of different
 * kinds need not be comparable for that.
 */
export function fuseRankings<Item>(rankings: readonly (readonly Item[])[]): { item: Item; score: number }[] {
  const scores = new Map<Item, number>();
  for (const ranking of rankings) {
    for (const [rank, item] of ranking.entries()) {
      scores.set(item, (scores.get(item) ?? 0) + 1 / (k + rank + 1));
    }
  }
  return [...scores]
    .map(([item, score]) => ({ item, score }))
    .toSorted((one, other) => other.score - one.score);
}
