import type { Position, StoredEvent } from './event.ts';
import { Follower, type ReadStored } from './follower.ts';

/** Who is told of a run's events as they are stored. */
export interface Reader {
  offer(events: readonly StoredEvent[]): void;
}

/**
 * In-process fan-out of stored events, used by the adapters of the run log: what was just stored reaches
 * the readers of this process as the objects that the writer handed in, without a read. It holds nothing
 * for a run that nobody reads.
 */
export class Feed {
  /** The one reader of a run stands for itself: a set is made only for the second. */
  readonly #readers = new Map<string, Reader | Set<Reader>>();

  /** How many runs have readers here. */
  get size(): number {
    return this.#readers.size;
  }

  /** Offers events to the run's readers; called once they are stored, in the order in which they were stored. */
  publish(runId: string, events: readonly StoredEvent[]): void {
    const readers = this.#readers.get(runId);
    if (!readers) return;
    if (readers instanceof Set) for (const reader of readers) reader.offer(events);
    else readers.offer(events);
  }

  subscribe(runId: string, reader: Reader): void {
    const readers = this.#readers.get(runId);
    if (!readers) this.#readers.set(runId, reader);
    else if (readers instanceof Set) readers.add(reader);
    else this.#readers.set(runId, new Set([readers, reader]));
  }

  unsubscribe(runId: string, reader: Reader): void {
    const readers = this.#readers.get(runId);
    if (readers instanceof Set) readers.delete(reader);
    if (readers === reader || (readers instanceof Set && readers.size === 0)) this.#readers.delete(runId);
  }

  /** Implements `RunLog.follow` over this feed and the store's own reading. */
  follow(options: FollowOptions): AsyncIterableIterator<readonly StoredEvent[], undefined> {
    return new Follower(this, options);
  }
}

export interface FollowOptions {
  runId: string;
  position: Position;
  signal: AbortSignal | undefined;
  read: ReadStored;
}
