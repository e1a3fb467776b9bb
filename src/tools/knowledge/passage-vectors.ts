import { createHash } from 'node:crypto';
import type { Log } from '../../telemetry/log.ts';
import { EmbeddingsError } from './embeddings-client.ts';
import type { EmbeddingsClient } from './embeddings-client.ts';
import { inSlices } from './event-loop-turns.ts';
import type { IndexedPassage } from './passage-index.ts';

export interface VectorMatch {
  passage: IndexedPassage;
  /** Cosine, -1 to 1. */
  similarity: number;
}

export interface VectorOptions {
  client: Pick<EmbeddingsClient, 'embed'>;
  log: Log;
  /** For one search's question, milliseconds. */
  questionMs: number;
  /** Of the first try after a failure; each further one waits twice as long, up to five minutes. */
  retryMs: number;
}

/** An answer of 32 vectors is parsed in about 10 ms. */
const batchSize = 32;
const batchMs = 60_000;
const maximumRetryMs = 300_000;
/** About 128 MB: 20,000 passages with 1,600 dimensions. */
const maximumNumbers = 32_000_000;

/**
 * The vectors of an index's passages. They are got in the background, batch by batch, and again and again while the
 * endpoint is away; a passage whose text has not changed keeps its vector.
 */
export class PassageVectors {
  readonly #options: VectorOptions;
  readonly #byText = new Map<string, Float32Array>();
  readonly #keys = new Map<number, string>();
  readonly #closing = new AbortController();
  #passages: readonly IndexedPassage[] = [];
  /** What was to be followed last: an earlier call that takes longer does not undo it. */
  #latest: readonly IndexedPassage[] = [];
  #filling: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs: number;
  #isFull = false;

  constructor(options: VectorOptions) {
    this.#options = options;
    this.#retryMs = options.retryMs;
  }

  /** How many of the passages have a vector. */
  get count(): number {
    return this.#passages.reduce((count, passage) => count + (this.#vectorOf(passage) ? 1 : 0), 0);
  }

  /** From now on these are the passages; vectors of other texts are forgotten. */
  async follow(passages: Iterable<IndexedPassage>): Promise<void> {
    const current = [...passages];
    this.#latest = current;
    const ids = new Set(current.map(({ id }) => id));
    const keys = new Set<string>();
    await inSlices(current, (passage) => keys.add(this.#keyOf(passage)), this.#closing.signal);
    if (this.#latest !== current) return;
    for (const id of this.#keys.keys()) if (!ids.has(id)) this.#keys.delete(id);
    for (const key of this.#byText.keys()) if (!keys.has(key)) this.#byText.delete(key);
    this.#passages = current;
    this.#fill();
  }

  /**
   * The passages that mean most nearly the same as the question, best first.
   * @throws EmbeddingsError when the endpoint does not answer in time; the signal's reason when it aborts.
   */
  async nearest(
    question: string,
    {
      accepts,
      limit,
      least,
    }: { accepts: (passage: IndexedPassage) => boolean; limit: number; least: number },
    signal: AbortSignal,
  ): Promise<VectorMatch[]> {
    const vector = await this.#vectorOfQuestion(question, signal);
    const found: VectorMatch[] = [];
    await inSlices(
      this.#passages,
      (passage) => {
        const known = this.#vectorOf(passage);
        if (!known || known.length !== vector.length || !accepts(passage)) return;
        const similarity = product(known, vector);
        if (similarity >= least) found.push({ passage, similarity });
      },
      signal,
    );
    return found.toSorted((one, other) => other.similarity - one.similarity).slice(0, limit);
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#closing.abort(new Error('The knowledge is closed'));
    await this.#filling;
  }

  async #vectorOfQuestion(question: string, signal: AbortSignal): Promise<Float32Array> {
    const timeout = AbortSignal.timeout(this.#options.questionMs);
    try {
      const [vector] = await this.#options.client.embed([question], AbortSignal.any([signal, timeout]));
      if (vector) return vector;
      throw new EmbeddingsError('its answer holds no vector');
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new EmbeddingsError('it does not answer in time', { cause: error });
      throw error;
    }
  }

  #fill(): void {
    if (this.#filling || this.#closing.signal.aborted) return;
    clearTimeout(this.#retry);
    this.#filling = this.#fillAll()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#filling = undefined;
      });
  }

  async #fillAll(): Promise<void> {
    let numbers = this.#byText.values().reduce((sum, { length }) => sum + length, 0);
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      if (numbers > maximumNumbers) return this.#tellFull();
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(batchMs)]);
      const vectors = await this.#options.client.embed(batch.map(textOf), signal);
      for (const [index, vector] of vectors.entries()) {
        const passage = batch[index];
        if (passage) this.#byText.set(this.#keyOf(passage), vector);
        numbers += vector.length;
      }
    }
    this.#retryMs = this.#options.retryMs;
    this.#options.log.debug('Every passage has a vector', { passages: this.#passages.length });
  }

  #tellFull(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#options.log.warn('Further passages get no vector: there are too many for the memory', {
      passages: this.#passages.length,
      vectors: this.#byText.size,
    });
  }

  #nextBatch(): IndexedPassage[] {
    const batch = new Map<string, IndexedPassage>();
    for (const passage of this.#passages) {
      if (!this.#vectorOf(passage)) batch.set(this.#keyOf(passage), passage);
      if (batch.size === batchSize) break;
    }
    return [...batch.values()];
  }

  #failed(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const reason = error instanceof EmbeddingsError ? error.message : 'it does not answer';
    const seconds = this.#retryMs / 1000;
    this.#options.log.warn('The embeddings endpoint gives no vectors; searches go by words alone', {
      reason,
      seconds,
    });
    this.#retry = setTimeout(() => this.#fill(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, maximumRetryMs);
  }

  #vectorOf(passage: IndexedPassage): Float32Array | undefined {
    return this.#byText.get(this.#keyOf(passage));
  }

  #keyOf(passage: IndexedPassage): string {
    const known = this.#keys.get(passage.id);
    if (known !== undefined) return known;
    const key = createHash('sha256').update(textOf(passage)).digest('base64');
    this.#keys.set(passage.id, key);
    return key;
  }
}

function textOf({ trail, text }: IndexedPassage): string {
  return trail ? `${trail}\n\n${text}` : text;
}

/** Both of length 1: their cosine. */
function product(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
