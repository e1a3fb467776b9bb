import { readFile } from 'node:fs/promises';
import MiniSearch from 'minisearch';
import { listKnowledgeFiles } from './knowledge-files.ts';
import type { KnowledgeFile } from './knowledge-files.ts';
import { splitDocument } from './passages.ts';
import type { Passage } from './passages.ts';

/** A passage that was found, with the file that it stands in (relative to the folder). */
export interface FoundPassage extends Passage {
  path: string;
}

interface IndexedPassage extends FoundPassage {
  id: number;
}

interface Build {
  fingerprint: string;
  search: MiniSearch<IndexedPassage>;
  passages: IndexedPassage[];
}

/** Words of a query beyond these only cost time: each is looked up by prefix and with typing errors. */
const maximumTerms = 24;
/** Passages that are indexed before other work of the process gets its turn. */
const chunkSize = 100;

/** Words that stand in nearly every English passage, and so find everything. */
const stopWords = new Set(
  `a about an and any are as at be been but by can could did do does for from had has have how i if in into is it its
  me my of on or our shall should so than that the their them then there these they this those to us was we were what
  when where which who why will with would you your`.split(/\s+/),
);

/** Full-text search (BM25+) over the documents of one folder; made at its first use, made anew when they changed. */
export class KnowledgeIndex {
  readonly #folder: string;
  readonly #recheckMs: number;
  #build: Build | undefined;
  #checkedAt = 0;
  #pending: Promise<Build> | undefined;

  /** @param recheckMs how long the folder's listing is taken as unchanged, milliseconds. */
  constructor(folder: string, recheckMs = 2000) {
    this.#folder = folder;
    this.#recheckMs = recheckMs;
  }

  /**
   * The best passages for these words, best first.
   * @throws the file system's error when the folder cannot be read.
   */
  async search(query: string, limit: number): Promise<FoundPassage[]> {
    const { search, passages } = await this.#current();
    const terms = [...new Set(query.split(/[\s\p{P}]+/u).filter(Boolean))].slice(0, maximumTerms);
    const found = search.search(terms.join(' '), {
      boost: { trail: 2 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      maxFuzzy: 2,
      weights: { fuzzy: 0.3, prefix: 0.5 },
    });
    return found.slice(0, limit).flatMap((result) => passages[Number(result.id)] ?? []);
  }

  /** The index of the folder as it is; everyone who asks meanwhile waits for the same build. */
  #current(): Promise<Build> {
    if (this.#pending) return this.#pending;
    const fresh = performance.now() - this.#checkedAt < this.#recheckMs;
    if (this.#build && fresh) return Promise.resolve(this.#build);
    this.#pending = this.#refresh().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #refresh(): Promise<Build> {
    const files = await listKnowledgeFiles(this.#folder);
    const fingerprint = files.map(({ path, size, modifiedMs }) => `${path} ${size} ${modifiedMs}`).join('\n');
    if (this.#build?.fingerprint !== fingerprint) {
      this.#build = { fingerprint, ...(await buildIndex(files)) };
    }
    this.#checkedAt = performance.now();
    return this.#build;
  }
}

async function buildIndex(files: readonly KnowledgeFile[]): Promise<Omit<Build, 'fingerprint'>> {
  const search = new MiniSearch<IndexedPassage>({ fields: ['trail', 'text', 'path'], processTerm });
  const passages: IndexedPassage[] = [];
  for (const file of files) {
    const first = passages.length;
    const found = splitDocument(file.path, await readDocument(file));
    for (const passage of found) passages.push({ id: passages.length, path: file.path, ...passage });
    await search.addAllAsync(passages.slice(first), { chunkSize });
  }
  return { search, passages };
}

/** Removed or closed since the listing: an empty document, which the next listing leaves out. */
async function readDocument(file: KnowledgeFile): Promise<string> {
  const bytes = await readFile(file.absolutePath).catch(() => new Uint8Array());
  return new TextDecoder().decode(bytes);
}

/** One spelling for accents and case; null leaves the word out of the index and the query. */
function processTerm(term: string): string | null {
  const word = term.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return stopWords.has(word) ? null : word;
}
