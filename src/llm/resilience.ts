import { setTimeout as delay } from 'node:timers/promises';
import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  isBrokenCircuitError,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { modelError } from './failure.ts';
import { ModelError, type Model, type ModelChunk, type ModelErrorKind, type ModelRequest } from './model.ts';
import { OpeningStream, type Opened } from './opening-stream.ts';
import { RetryBudget } from './retry-budget.ts';

export interface ResilienceOptions {
  /** Completions at a time; more wait. */
  maxConcurrency: number;
  /** Completions that may wait; more are refused. */
  maxWaiting?: number;
  /** Failures in a row that open the breaker. */
  breakerThreshold?: number;
  /** Milliseconds until an open breaker lets one call through to try. */
  breakerPauseMs?: number;
  maxRetries?: number;
  /** Milliseconds before the first retry; doubled for the second, half of it random. */
  retryBaseMs?: number;
  /** The longest wait before a retry: who asks for more is not tried again. */
  retryCapMs?: number;
  budget?: RetryBudget;
}

const defaults = {
  breakerThreshold: 5,
  breakerPauseMs: 10_000,
  maxRetries: 2,
  retryBaseMs: 250,
  retryCapMs: 10_000,
};

/** What may pass by itself within seconds. A time-out does not: it would make the caller wait several times over. */
const worthRetrying: ReadonlySet<ModelErrorKind> = new Set(['rate_limited', 'unavailable', 'truncated']);

/**
 * The same model with a breaker, a limit of concurrent completions and retries. Retries happen only before the
 * first chunk was passed on; what fails later is the caller's to see.
 */
export function withResilience(model: Model, options: ResilienceOptions): Model {
  const guard = new Guard(model, options);
  return {
    llmId: model.llmId,
    name: model.name,
    ...(model.price ? { price: model.price } : {}),
    complete: (request, signal) => new OpeningStream(() => guard.open(request, signal)),
  };
}

class Guard {
  readonly #model: Model;
  readonly #options: ResilienceOptions & typeof defaults;
  readonly #budget: RetryBudget;
  readonly #slots: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy;

  constructor(model: Model, options: ResilienceOptions) {
    this.#model = model;
    this.#options = { ...defaults, ...options };
    this.#budget = options.budget ?? new RetryBudget();
    this.#slots = bulkhead(options.maxConcurrency, options.maxWaiting ?? options.maxConcurrency * 10);
    this.#breaker = circuitBreaker(
      handleWhen((error) => this.#countsAsFailure(error)),
      {
        halfOpenAfter: this.#options.breakerPauseMs,
        breaker: new ConsecutiveBreaker(this.#options.breakerThreshold),
      },
    );
  }

  /** Waits for a slot, then tries until the first chunk; the slot is held to the end of the stream. */
  async open(request: ModelRequest, signal: AbortSignal): Promise<Opened<ModelChunk>> {
    const release = await this.#takeSlot(signal);
    try {
      this.#budget.countCall();
      const { ready, rest } = await this.#tryRepeatedly(request, signal);
      return { ready, rest: withEnd(rest, release) };
    } catch (error) {
      release();
      signal.throwIfAborted();
      throw error;
    }
  }

  async #tryRepeatedly(request: ModelRequest, signal: AbortSignal): Promise<Opened<ModelChunk>> {
    let last: unknown;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#try(request, signal);
      } catch (error) {
        // A breaker that this very call has opened says less than the failure that opened it.
        if (last !== undefined && error instanceof ModelError && error.kind === 'breaker_open') throw last;
        const waitMs = this.#retryDelay(error, attempt);
        if (waitMs === undefined) throw error;
        last = error;
        await delay(waitMs, undefined, { signal });
      }
    }
  }

  async #try(request: ModelRequest, signal: AbortSignal): Promise<Opened<ModelChunk>> {
    // While one call tries a paused provider the others would wait for its outcome: they go elsewhere instead.
    if (this.#breaker.state === CircuitState.HalfOpen) throw modelError('breaker_open', this.#model.llmId);
    try {
      return await this.#breaker.execute(async () => {
        const rest = this.#model.complete(request, signal)[Symbol.asyncIterator]();
        const first = await rest.next();
        if (first.done) throw modelError('malformed', this.#model.llmId);
        return { ready: [first], rest };
      });
    } catch (error) {
      if (isBrokenCircuitError(error)) throw modelError('breaker_open', this.#model.llmId);
      throw error;
    }
  }

  /** Milliseconds to wait before the next try; undefined when there is none. */
  #retryDelay(error: unknown, attempt: number): number | undefined {
    if (!(error instanceof ModelError) || !worthRetrying.has(error.kind)) return undefined;
    const { maxRetries, retryBaseMs, retryCapMs } = this.#options;
    const asked = error.retryAfterMs ?? 0;
    if (attempt >= maxRetries || asked > retryCapMs || !this.#budget.takeRetry()) return undefined;
    const backOff = retryBaseMs * 2 ** attempt * (0.5 + Math.random() / 2);
    return Math.min(Math.max(asked, backOff), retryCapMs);
  }

  #countsAsFailure(error: unknown): boolean {
    if (error instanceof ModelError) return error.retryable;
    // A caller that cancels the one trying call has proved nothing about the provider.
    return this.#breaker.state === CircuitState.HalfOpen;
  }

  #takeSlot(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason);
      // The bulkhead looks at the signal of a waiting call only when its turn comes.
      signal.addEventListener('abort', giveUp, { once: true });
      const held = (): Promise<void> =>
        new Promise((release) => {
          signal.removeEventListener('abort', giveUp);
          resolve(release);
        });
      this.#slots.execute(held, signal).catch(() => {
        signal.removeEventListener('abort', giveUp);
        reject(
          signal.aborted
            ? signal.reason
            : modelError('unavailable', this.#model.llmId, { note: 'too many calls are waiting' }),
        );
      });
    });
  }
}

/** Calls `end` once when the iterator is over, however it ends. */
function withEnd<T>(inner: AsyncIterator<T>, end: () => void): AsyncIterator<T> {
  const pass = (result: IteratorResult<T>): IteratorResult<T> => {
    if (result.done) end();
    return result;
  };
  const fail = (error: unknown): never => {
    end();
    throw error;
  };
  return {
    next: () => inner.next().then(pass, fail),
    async return() {
      try {
        await inner.return?.();
      } finally {
        end();
      }
      return { done: true, value: undefined };
    },
  };
}
