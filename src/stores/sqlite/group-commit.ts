import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FencedError, StoreUnavailableError } from '../../runs/log.ts';
import { storeError, transaction } from './database.ts';

/** One change of the store. */
export interface Write<T> {
  /** Runs inside the transaction. It may run a second time, in a transaction of its own, if a neighbour failed. */
  apply(): T;
  /** Runs once the change is stored, before the writer is told. */
  committed?(result: T): void;
}

interface Pending {
  write: Write<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

type Outcome = { result: unknown } | { error: unknown };

/**
 * Collects the writes of one turn of the event loop and runs them, in order, in one transaction: most of the
 * cost of a small write is its commit. Each write succeeds or fails by itself. A write that is fenced off must
 * throw FencedError before it changes anything.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #queue: Pending[] = [];
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  /** Resolves with what `apply` returned, once it is stored. @throws StoreUnavailableError, or what `apply` threw. */
  submit<T>(write: Write<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('The embedded store is closed.'));
    if (this.#queue.length === 0) setImmediate(() => this.flush());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ write, resolve, reject } as Pending);
    });
  }

  /** Stores what is pending now. */
  flush(): void {
    const group = this.#queue;
    if (group.length === 0) return;
    this.#queue = [];
    const outcomes = this.#store(group);
    for (const [index, pending] of group.entries()) settle(pending, outcomes[index]);
  }

  /** Stores what is pending and refuses what comes later. */
  close(): void {
    this.#closed = true;
    this.flush();
  }

  #store(group: readonly Pending[]): Outcome[] {
    try {
      return this.#together(group);
    } catch (failure) {
      const error = storeError(failure);
      if (error instanceof StoreUnavailableError) return group.map(() => ({ error }));
      return group.map((pending) => this.#alone(pending));
    }
  }

  #together(group: readonly Pending[]): Outcome[] {
    this.#begin.run();
    try {
      const outcomes = group.map(({ write }) => applyUnlessFenced(write));
      this.#commit.run();
      return outcomes;
    } catch (error) {
      // A full disk or a failing one has ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #alone({ write }: Pending): Outcome {
    try {
      return { result: transaction(this.#database, () => write.apply()) };
    } catch (error) {
      return { error: storeError(error) };
    }
  }
}

function applyUnlessFenced(write: Write<unknown>): Outcome {
  try {
    return { result: write.apply() };
  } catch (error) {
    if (error instanceof FencedError) return { error };
    throw error;
  }
}

function settle({ write, resolve, reject }: Pending, outcome: Outcome | undefined): void {
  if (outcome && 'result' in outcome) {
    write.committed?.(outcome.result);
    resolve(outcome.result);
  } else {
    reject(outcome?.error);
  }
}
