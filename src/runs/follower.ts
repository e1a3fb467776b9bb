import { isAfter, type Position, type StoredEvent } from './event.ts';
import type { Feed, FollowOptions, Reader } from './feed.ts';

/** Stored events of a run, oldest first; `more`: the store holds further ones. */
export interface StoredPage {
  events: readonly StoredEvent[];
  more: boolean;
}

/** Reads the stored events after a position, a page at most. */
export type ReadStored = (runId: string, position: Position) => StoredPage | Promise<StoredPage>;

type Batch = readonly StoredEvent[];
type Result = IteratorResult<Batch, undefined>;

/** A reader that is this many events behind loses its queue and reads them from the store instead. */
const mostQueued = 256;

/**
 * One reader of a run: first from the store, then live. While it is behind it only remembers that it is;
 * what it misses is in the store. An idle one is this object and the promise that its reader waits for:
 * not an async generator, whose `return` would wait for the next event.
 */
export class Follower implements AsyncIterableIterator<Batch, undefined>, Reader {
  readonly #feed: Feed;
  readonly #options: FollowOptions;
  #position: Position;
  #status: 'new' | 'open' | 'ended' = 'new';
  /** Whether the store must be read before the live events count. */
  #behind = true;
  #reading = false;
  /** Whether the last batch ended with the event that brought the run to rest. */
  #atRest = false;
  #queue: Batch[] | undefined;
  #queued = 0;
  #waiting: PromiseWithResolvers<Result> | undefined;

  constructor(feed: Feed, options: FollowOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#position = options.position;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next batch, never empty. One call at a time. */
  next(): Promise<Result> {
    if (this.#status === 'new') this.#open();
    if (this.#atRest) this.#end();
    if (this.#status === 'ended') return Promise.resolve({ done: true, value: undefined });
    if (this.#waiting) return Promise.reject(new Error('A follower has one reader: await next() first.'));
    const batch = this.#behind ? undefined : this.#take();
    if (batch) return Promise.resolve(this.#result(batch));
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    if (this.#behind) void this.#catchUp();
    return promise;
  }

  /** Ends it at once, a waiting `next` included. */
  return(): Promise<Result> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The signal aborted. */
  handleEvent(): void {
    this.#end();
  }

  offer(events: Batch): void {
    if (this.#behind) return;
    if (!this.#waiting || this.#reading) {
      this.#enqueue(events);
      return;
    }
    const fresh = this.#accept(events);
    if (fresh) this.#deliver(fresh);
    else if (this.#behind) void this.#catchUp();
  }

  #open(): void {
    const { runId, signal } = this.#options;
    this.#status = signal?.aborted ? 'ended' : 'open';
    if (signal?.aborted) return;
    signal?.addEventListener('abort', this, { once: true });
    this.#feed.subscribe(runId, this);
  }

  #end(): void {
    if (this.#status === 'open') {
      const { runId, signal } = this.#options;
      signal?.removeEventListener('abort', this);
      this.#feed.unsubscribe(runId, this);
    }
    this.#status = 'ended';
    this.#queue = undefined;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** Reads the store for a reader that waits; without anything new there it goes on waiting for the feed. */
  async #catchUp(): Promise<void> {
    try {
      while (this.#waiting && (await this.#isStillBehind()));
    } catch (error) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      this.#end();
      waiting?.reject(error);
    }
  }

  /** Reads a page and delivers it. Whether nothing was delivered because events are missing again. */
  async #isStillBehind(): Promise<boolean> {
    // What is published while the store is read is queued; what the read brings too is skipped then.
    this.#behind = false;
    this.#reading = true;
    const { events, more } = await this.#options.read(this.#options.runId, this.#position);
    // From here to the delivery nothing may wait: the reader comes back at once.
    this.#reading = false;
    if (more) this.#fallBehind();
    const last = events.at(-1);
    if (last) this.#position = last;
    const batch = last ? events : this.#take();
    if (batch) this.#deliver(batch);
    return !batch && this.#behind;
  }

  #deliver(batch: Batch): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(this.#result(batch));
  }

  /** A page of the store may hold what came after the rest: that is for whoever asks from there. */
  #result(batch: Batch): Result {
    const rest = batch.findIndex(({ event }) => event.kind === 'finished');
    this.#atRest = rest >= 0;
    return { done: false, value: rest >= 0 && rest < batch.length - 1 ? batch.slice(0, rest + 1) : batch };
  }

  #enqueue(events: Batch): void {
    (this.#queue ??= []).push(events);
    this.#queued += events.length;
    if (this.#queued > mostQueued) this.#fallBehind();
  }

  #take(): Batch | undefined {
    while (this.#queue) {
      const batch = this.#queue.shift();
      if (!batch) break;
      this.#queued -= batch.length;
      const fresh = this.#accept(batch);
      if (fresh) return fresh;
    }
    this.#queue = undefined;
    return undefined;
  }

  /** What of the batch is new, if it continues exactly where the reader is; behind, if something is missing between. */
  #accept(batch: Batch): Batch | undefined {
    const position = this.#position;
    const fresh =
      batch[0] && isAfter(batch[0], position) ? batch : batch.filter((event) => isAfter(event, position));
    const [first] = fresh;
    if (!first) return undefined;
    if (first.attempt !== position.attempt || first.sequence !== position.sequence + 1) {
      this.#fallBehind();
      return undefined;
    }
    this.#position = fresh.at(-1) ?? first;
    return fresh;
  }

  #fallBehind(): void {
    this.#behind = true;
    this.#queue = undefined;
    this.#queued = 0;
  }
}
