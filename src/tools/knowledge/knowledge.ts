import type { Log } from '../../telemetry/log.ts';
import { FolderWatch } from '../folder-watch.ts';
import { fulfils } from './conditions.ts';
import type { Condition } from './conditions.ts';
import type { Fields } from './document.ts';
import { EmbeddingsClient, EmbeddingsError } from './embeddings-client.ts';
import type { EmbeddingsDependencies, EmbeddingsEndpoint } from './embeddings-client.ts';
import { FolderIndex } from './folder-index.ts';
import { highlight } from './highlight.ts';
import type { IndexedPassage, WordMatch } from './passage-index.ts';
import { PassageVectors } from './passage-vectors.ts';
import type { VectorMatch } from './passage-vectors.ts';
import { fuseRankings } from './rank-fusion.ts';

/** How the passages of a search were found: by their words, or by words and meaning together. */
export type SearchMode = 'words' | 'hybrid';

export interface KnowledgeHit {
  /** The file's path in the folder, with `/`. */
  path: string;
  heading: string;
  text: string;
  /** The first and last line in the file, or the page of a PDF; from 1. */
  place: { unit: 'line' | 'page'; start: number; end: number };
  /** The best part on one line, the words that matched between `**`. */
  excerpt: string;
  /** Only to be compared with others of the same search. */
  score: number;
  fields: Fields;
}

export interface KnowledgeAnswer {
  /** Best first. */
  hits: KnowledgeHit[];
  mode: SearchMode;
  /** Why it was not hybrid, or not for every passage, although an endpoint is declared. */
  notice?: string;
}

export interface KnowledgeQuery {
  limit: number;
  /** All of them must be fulfilled. */
  conditions?: readonly Condition[];
  /** Whether typing errors are forgiven; default: yes. */
  fuzzy?: boolean;
  /** Cosine that a passage must reach to be found by its meaning alone; default 0.2. */
  leastSimilarity?: number;
  signal?: AbortSignal;
}

/** Search over one folder of documents; it follows what changes there for as long as it is open. */
export interface Knowledge {
  /**
   * The first search waits for the folder to be read.
   * @throws the file system's error when the folder cannot be read; the signal's reason when it aborts.
   */
  search(query: string, options: KnowledgeQuery): Promise<KnowledgeAnswer>;
  /** Looks for changes now, rather than when the system tells of them. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface KnowledgeOptions {
  /** An absolute path. */
  folder: string;
  embeddings?: EmbeddingsEndpoint;
}

export interface KnowledgeDependencies extends EmbeddingsDependencies {
  log: Log;
  /** Changed by tests only, milliseconds: the wait for a question's vector, and before a failed batch is tried again. */
  times?: { questionMs?: number; retryMs?: number };
}

/** Changes that the system does not tell of (network folders) are found by a search after this time. */
const recheckMs = 30_000;
const defaultLeastSimilarity = 0.2;
/** So many of each ranking are put together, at least. */
const candidates = 50;

/** Nothing is read or watched before the first search. */
export function openKnowledge(options: KnowledgeOptions, deps: KnowledgeDependencies): Knowledge {
  return new FolderKnowledge(options, deps);
}

class FolderKnowledge implements Knowledge {
  readonly #folder: string;
  readonly #log: Log;
  readonly #documents: FolderIndex;
  readonly #vectors: PassageVectors | undefined;
  #watch: FolderWatch | undefined;
  #ready: Promise<void> | undefined;
  #checkedAt = 0;
  #closed = false;

  constructor({ folder, embeddings }: KnowledgeOptions, deps: KnowledgeDependencies) {
    this.#folder = folder;
    this.#log = deps.log;
    this.#documents = new FolderIndex({ folder, log: deps.log });
    const times = { questionMs: 5000, retryMs: 5000, ...deps.times };
    if (embeddings) {
      this.#vectors = new PassageVectors({
        client: new EmbeddingsClient(embeddings, deps),
        log: deps.log,
        ...times,
      });
    }
  }

  async search(query: string, options: KnowledgeQuery): Promise<KnowledgeAnswer> {
    this.#ready ??= this.refresh();
    await this.#ready;
    if (performance.now() - this.#checkedAt > recheckMs) this.#refreshInBackground();
    const conditions = options.conditions ?? [];
    const accepts = (passage: IndexedPassage): boolean => fulfils(passage.fields, conditions);
    const wanted = { accepts, limit: Math.max(candidates, options.limit) };
    const words = await this.#documents.index.find(query, { fuzzy: options.fuzzy ?? true, ...wanted });
    const meaning = await this.#searchMeaning(query, { ...options, ...wanted });
    const hits = meaning.found ? fuse(words, meaning.found) : words.map(wordHit);
    const mode = meaning.found ? 'hybrid' : 'words';
    return { hits: hits.slice(0, options.limit), mode, ...(meaning.notice && { notice: meaning.notice }) };
  }

  async refresh(): Promise<void> {
    this.#checkedAt = performance.now();
    try {
      // Watched first: what changes while it is read is noticed.
      this.#watch ??= this.#closed ? undefined : this.#startWatching();
      await this.#documents.update();
      await this.#vectors?.follow(this.#documents.index.passages());
    } catch (error) {
      // The next search tries again, and tells why it cannot.
      this.#ready = undefined;
      this.#watch?.close();
      this.#watch = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch?.close();
    await this.#documents.close();
    await this.#vectors?.close();
  }

  #startWatching(): FolderWatch {
    return new FolderWatch({
      folder: this.#folder,
      onChange: () => this.#refreshInBackground(),
      onError: ({ message }) =>
        this.#log.debug('The knowledge cannot be watched, it is looked at now and then', { reason: message }),
    });
  }

  #refreshInBackground(): void {
    this.refresh().catch((error: unknown) => {
      if (!this.#closed) this.#log.warn('The knowledge cannot be read', { folder: this.#folder, error });
    });
  }

  /** Nothing found where it is not asked for, or cannot be had now. */
  async #searchMeaning(
    query: string,
    options: KnowledgeQuery & { accepts: (passage: IndexedPassage) => boolean },
  ): Promise<{ found?: VectorMatch[]; notice?: string }> {
    if (!this.#vectors || this.#documents.index.size === 0) return {};
    const { count } = this.#vectors;
    const total = this.#documents.index.size;
    if (count === 0) return { notice: 'by words alone: the passages have no vectors yet' };
    const least = options.leastSimilarity ?? defaultLeastSimilarity;
    try {
      const signal = options.signal ?? new AbortController().signal;
      const found = await this.#vectors.nearest(query, { ...options, least }, signal);
      return { found, ...(count < total && { notice: `${count} of ${total} passages have vectors yet` }) };
    } catch (error) {
      if (!(error instanceof EmbeddingsError)) throw error;
      this.#log.warn('The embeddings endpoint fails; this search goes by words alone', {
        reason: error.message,
      });
      return { notice: 'by words alone: the embeddings endpoint is away' };
    }
  }
}

function fuse(words: readonly WordMatch[], meaning: readonly VectorMatch[]): KnowledgeHit[] {
  const byWords = new Map(words.map((match) => [match.passage, match]));
  const rankings = [words.map(({ passage }) => passage), meaning.map(({ passage }) => passage)];
  return fuseRankings(rankings).map(({ item, score }) => toHit(item, score, byWords.get(item)?.terms ?? []));
}

function wordHit({ passage, score, terms }: WordMatch): KnowledgeHit {
  return toHit(passage, score, terms);
}

function toHit(passage: IndexedPassage, score: number, terms: readonly string[]): KnowledgeHit {
  const { path, heading, text, start, end, fields } = passage;
  const unit = fields['extension'] === 'pdf' ? 'page' : 'line';
  const excerpt = highlight(text, new Set(terms));
  return { path, heading, text, place: { unit, start, end }, excerpt, score, fields };
}
