import MiniSearch from 'minisearch';
import type { Fields } from './document.ts';
import { inSlices } from './event-loop-turns.ts';
import type { Passage } from './passages.ts';
import { processTerm, queryTerms } from './search-terms.ts';

/** A passage with the file that it stands in. */
export interface IndexedPassage extends Omit<Passage, 'fields'> {
  id: number;
  /** Relative to the folder, with `/`. */
  path: string;
  /** Those of the document, the record and the path. */
  fields: Fields;
}

export interface WordMatch {
  passage: IndexedPassage;
  score: number;
  /** The words of the passage that matched, as the index spells them. */
  terms: string[];
}

/** What the words of a query found in one passage. */
interface Sum {
  score: number;
  words: number;
  terms: string[];
}

export interface WordQuery {
  /** Whether typing errors are forgiven. */
  fuzzy: boolean;
  accepts: (passage: IndexedPassage) => boolean;
  limit: number;
}

/**
 * Full-text search (BM25+) over passages. What is staged is not found before it is committed, so that a search sees
 * either all of a change or nothing of it.
 */
export class PassageIndex {
  readonly #search = new MiniSearch<IndexedPassage>({ fields: ['trail', 'text', 'path'], processTerm });
  readonly #passages = new Map<number, IndexedPassage>();
  #nextId = 0;

  get size(): number {
    return this.#passages.size;
  }

  /** Those that are found, in no order. */
  passages(): IterableIterator<IndexedPassage> {
    return this.#passages.values();
  }

  async stage(
    passages: readonly Omit<IndexedPassage, 'id'>[],
    signal?: AbortSignal,
  ): Promise<IndexedPassage[]> {
    const staged: IndexedPassage[] = [];
    await inSlices(
      passages,
      (passage) => {
        const one = { id: this.#nextId++, ...passage };
        this.#search.add(one);
        staged.push(one);
      },
      signal,
    );
    return staged;
  }

  commit(added: readonly IndexedPassage[], removed: Iterable<number>): void {
    for (const id of removed) {
      this.#passages.delete(id);
      this.#search.discard(id);
    }
    for (const passage of added) this.#passages.set(passage.id, passage);
  }

  /**
   * Best first. Each word is searched on its own, and other work of the process has its turn in between: in a large
   * index a word takes some 20 ms.
   */
  async find(query: string, wanted: WordQuery): Promise<WordMatch[]> {
    const sums = new Map<number, Sum>();
    await inSlices(queryTerms(query), (term) => this.#add(term, wanted, sums));
    const found = [...sums].flatMap(([id, { score, words, terms }]) => {
      const passage = this.#passages.get(id);
      // What matches more of the words is worth that much more.
      return passage ? [{ passage, score: score * words, terms }] : [];
    });
    return found.toSorted((one, other) => other.score - one.score).slice(0, wanted.limit);
  }

  #add(term: string, { fuzzy, accepts }: WordQuery, sums: Map<number, Sum>): void {
    const results = this.#search.search(term, {
      boost: { trail: 2 },
      prefix: term.length > 2,
      fuzzy: fuzzy && term.length > 4 ? 0.2 : false,
      maxFuzzy: 2,
      weights: { fuzzy: 0.3, prefix: 0.5 },
      filter: ({ id }) => {
        const passage = this.#passages.get(id as number);
        return passage !== undefined && accepts(passage);
      },
    });
    for (const { id, score, terms } of results) {
      const sum = sums.get(id as number);
      if (!sum) {
        sums.set(id as number, { score, words: 1, terms });
        continue;
      }
      sum.score += score;
      sum.words += 1;
      sum.terms.push(...terms);
    }
  }
}
