import { isAfter, isResting, isTerminal, type Position, type StoredEvent } from './event.ts';
import type { RunLog } from './log.ts';

/** Batches of a run's events, in order, until the run is at rest or the reader leaves. */
export type RunReading = AsyncIterableIterator<readonly StoredEvent[], undefined>;

/**
 * Reads a run from `position` until it is at rest: what is stored, then what comes, each event once and in
 * order. Ends at once when the run is at rest and holds nothing after the position.
 */
export function readRun(
  log: RunLog,
  runId: string,
  position: Position,
  options: ReadOptions = {},
): RunReading {
  const events = log.follow(runId, position, options.signal);
  // From the beginning something always follows.
  if (position.attempt === 0) return events;
  return new RestReading(events, async () => {
    const run = await log.load(runId);
    if (!run) return true;
    const { state } = run.snapshot;
    const over = options.throughWaiting ? isTerminal(state) : isResting(state);
    return over && !isAfter(run.snapshot, position);
  });
}

export interface ReadOptions {
  /** Ends the reading quietly. */
  signal?: AbortSignal;
  /** A run that waits for its caller is read on: what its next message brings follows. */
  throughWaiting?: boolean;
}

/** A reading that looks first whether there is anything to read. */
class RestReading implements RunReading {
  readonly #events: RunReading;
  readonly #isOver: () => Promise<boolean>;
  #begun = false;

  constructor(events: RunReading, isOver: () => Promise<boolean>) {
    this.#events = events;
    this.#isOver = isOver;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly StoredEvent[], undefined>> {
    if (!this.#begun) {
      this.#begun = true;
      if (await this.#isOver()) await this.return();
    }
    return await this.#events.next();
  }

  async return(): Promise<IteratorResult<readonly StoredEvent[], undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }
}
