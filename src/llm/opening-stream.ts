/** What a stream is after its opening: the results that are there already, and where the others come from. */
export interface Opened<T> {
  ready: IteratorResult<T>[];
  rest: AsyncIterator<T>;
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * An iterator whose first `next` opens it, which may take several tries. After that each `next` is the one of the
 * inner iterator: this stands on the way of every token, where another async generator would cost a promise or three.
 */
export class OpeningStream<T> implements AsyncIterableIterator<T> {
  readonly #open: () => Promise<Opened<T>>;
  #ready: IteratorResult<T>[] = [];
  #rest: AsyncIterator<T> | undefined;
  #ended = false;

  constructor(open: () => Promise<Opened<T>>) {
    this.#open = open;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#rest === undefined) return this.#first();
    const ready = this.#ready.length === 0 ? undefined : this.#ready.shift();
    return ready ? Promise.resolve(ready) : this.#rest.next();
  }

  async return(): Promise<IteratorResult<T>> {
    this.#ended = true;
    this.#ready = [];
    await this.#rest?.return?.();
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #first(): Promise<IteratorResult<T>> {
    if (this.#ended) return done;
    // A failed opening is not tried again by a second `next`.
    this.#ended = true;
    const { ready, rest } = await this.#open();
    this.#ready = ready;
    this.#rest = rest;
    return this.next();
  }
}
