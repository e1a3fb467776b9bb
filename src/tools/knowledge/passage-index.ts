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

  /** Best first. */
  find(query: string, { fuzzy, accepts, limit }: WordQuery): WordMatch[] {
    const found = this.#search.search(queryTerms(query).join(' '), {
      boost: { trail: 2 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (fuzzy && term.length > 4 ? 0.2 : false),
      maxFuzzy: 2,
      weights: { fuzzy: 0.3, prefix: 0.5 },
      filter: ({ id }) => {
        const passage = this.#passages.get(id as number);
        return passage !== undefined && accepts(passage);
      },
    });
    return found.slice(0, limit).flatMap(({ id, score, terms }) => {
      const passage = this.#passages.get(id as number);
      return passage ? [{ passage, score, terms }] : [];
    });
  }
}
