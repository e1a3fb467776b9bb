import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RetentionLimits } from '../../runs/log.ts';
import { terminalCode, waitingCode } from './run-rows.ts';

/** Runs that one sweep looks at, for each of the two limits: a sweep holds up everything else. */
const mostLookedAt = 200;

interface AgeRow {
  number: number;
  state: number;
  state_at: number;
  created_at: number;
}

/**
 * Deletes what is past its retention. Runs are numbered as they were created, so the oldest are at the front
 * and no index by time is needed; a run that is still executed stays there, and the next sweep goes on behind it.
 */
export class RunRetention {
  readonly #nextRun: StatementSync;
  readonly #nextRunWithEvents: StatementSync;
  readonly #deleteEvents: StatementSync;
  readonly #deleteRun: readonly StatementSync[];
  readonly #keep: (runNumber: number) => void;
  #trimmedUpTo = 0;
  #deletedUpTo = 0;

  /** @param keep saves what a run's events make of it, before they go */
  constructor(database: DatabaseSync, keep: (runNumber: number) => void) {
    this.#keep = keep;
    const age = 'SELECT number, state, state_at, created_at FROM runs WHERE number';
    this.#nextRun = database.prepare(`${age} > ? ORDER BY number LIMIT 1`);
    this.#nextRunWithEvents = database.prepare(`${age} = (SELECT min(run) FROM events WHERE run > ?)`);
    this.#deleteEvents = database.prepare('DELETE FROM events WHERE run = ?');
    this.#deleteRun = [
      this.#deleteEvents,
      database.prepare(
        'DELETE FROM push_outbox WHERE config IN (SELECT number FROM push_configs WHERE run = ?)',
      ),
      database.prepare('DELETE FROM push_configs WHERE run = ?'),
      database.prepare('DELETE FROM snapshots WHERE run = ?'),
      database.prepare('DELETE FROM records WHERE run = ?'),
      database.prepare('DELETE FROM runs WHERE number = ?'),
    ];
  }

  /** Runs inside a transaction. Returns how many runs it touched. */
  sweep({ runsBefore, eventsBefore }: RetentionLimits): number {
    const deleted = this.#walk(
      this.#nextRun,
      { from: this.#deletedUpTo, before: runsBefore, leastState: waitingCode },
      (number) => {
        for (const statement of this.#deleteRun) statement.run(number);
      },
    );
    const trimmed = this.#walk(
      this.#nextRunWithEvents,
      { from: this.#trimmedUpTo, before: eventsBefore, leastState: terminalCode },
      (number) => {
        this.#keep(number);
        this.#deleteEvents.run(number);
      },
    );
    this.#deletedUpTo = deleted.upTo;
    this.#trimmedUpTo = trimmed.upTo;
    return deleted.touched + trimmed.touched;
  }

  #walk(
    next: StatementSync,
    { from, before, leastState }: { from: number; before: number; leastState: number },
    remove: (number: number) => void,
  ): { touched: number; upTo: number } {
    let touched = 0;
    let upTo = from;
    for (let looked = 0; looked < mostLookedAt; looked += 1) {
      const row = next.get(upTo) as AgeRow | undefined;
      // Whatever was created later is younger: from the front again next time.
      if (!row || row.created_at >= before) return { touched, upTo: 0 };
      upTo = row.number;
      if (row.state < leastState || row.state_at >= before) continue;
      remove(row.number);
      touched += 1;
    }
    return { touched, upTo };
  }
}
