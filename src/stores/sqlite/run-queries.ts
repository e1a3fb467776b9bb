import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isAfter, isTerminal, type Position, type StoredEvent } from '../../runs/event.ts';
import type { StoredPage } from '../../runs/follower.ts';
import type { Conversation, LoadedRun } from '../../runs/log.ts';
import type { Turn } from '../../runs/message.ts';
import { userText } from '../../runs/record.ts';
import {
  acceptedEvent,
  conversationKey,
  decodeEvents,
  loadedRun,
  parseRecord,
  savedSnapshot,
  stateCode,
  terminalCode,
  waitingCode,
  type EventRow,
  type RunRow,
} from './run-rows.ts';

/** Rows of events per page of a reader; a row holds what one run appended in one transaction. */
const rowsPerPage = 64;
/** A page ends after the row that brings it to this many characters: a slow reader holds a whole page. */
const charactersPerPage = 262_144;

/** What every query of whole runs selects. */
export const selectRuns = `
  SELECT runs.number, runs.attempt, runs.state, runs.created_at, records.body AS record, snapshots.body AS snapshot
  FROM runs
  JOIN records ON records.run = runs.number
  LEFT JOIN snapshots ON snapshots.run = runs.number`;

/** The reading half of the run log, except lists. */
export class RunQueries {
  readonly #run: StatementSync;
  readonly #numbered: StatementSync;
  readonly #tail: StatementSync;
  readonly #page: StatementSync;
  readonly #end: StatementSync;
  readonly #turns: StatementSync;
  readonly #executed: StatementSync;
  readonly #ping: StatementSync;

  constructor(database: DatabaseSync) {
    this.#run = database.prepare(`${selectRuns} WHERE runs.id = ?`);
    this.#numbered = database.prepare(`${selectRuns} WHERE runs.number = ?`);
    this.#tail = database.prepare(
      'SELECT attempt, sequence, body FROM events WHERE run = ? AND (attempt, sequence) > (?, ?) ORDER BY attempt, sequence',
    );
    this.#page = database.prepare(`
      SELECT runs.state, runs.created_at, events.attempt, events.sequence, events.body
      FROM runs
      LEFT JOIN events ON events.run = runs.number AND (events.attempt, events.sequence) > (?, ?)
      WHERE runs.id = ?
      ORDER BY events.attempt, events.sequence
      LIMIT ${rowsPerPage}`);
    this.#end = database.prepare(`
      SELECT runs.attempt AS fence, runs.state, events.attempt, events.sequence
      FROM runs
      LEFT JOIN events ON events.run = runs.number
      WHERE runs.id = ?
      ORDER BY events.attempt DESC, events.sequence DESC
      LIMIT 1`);
    this.#turns = database.prepare(`${selectRuns}
      WHERE runs.conversation = ? AND runs.listed = 1 AND runs.remembered = 1 AND runs.state = ${stateCode('completed')}
      ORDER BY runs.number DESC
      LIMIT ?`);
    this.#executed = database.prepare(`SELECT id FROM runs WHERE state < ${waitingCode} ORDER BY number`);
    this.#ping = database.prepare('SELECT 1 FROM runs LIMIT 1');
  }

  load(runId: string): LoadedRun | undefined {
    const row = this.#run.get(runId) as RunRow | undefined;
    return row && this.fold(row);
  }

  /** The same by the number of its row. */
  loadNumbered(runNumber: number): LoadedRun | undefined {
    const row = this.#numbered.get(runNumber) as RunRow | undefined;
    return row && this.fold(row);
  }

  /** The run of a row that selectRuns brought. */
  fold(row: RunRow): LoadedRun {
    const snapshot = savedSnapshot(row);
    if (isTerminal(snapshot.state)) return loadedRun(row, snapshot, []);
    const tail = this.#tail.all(row.number, snapshot.attempt, snapshot.sequence) as unknown as EventRow[];
    return loadedRun(row, snapshot, tail);
  }

  /** Stored events after a position, a page at most. */
  page(runId: string, position: Position): StoredPage {
    const { rows, more } = this.#pageRows(runId, position);
    const events: StoredEvent[] = [];
    const [first] = rows;
    // A finished run always has events, unless its log is past its retention: then it has no beginning either.
    if (first && (first.body !== null || first.state < terminalCode)) {
      const accepted = acceptedEvent(first.created_at);
      if (isAfter(accepted, position)) events.push(accepted);
    }
    for (const row of rows) {
      if (row.body !== null) events.push(...decodeEvents(row, position));
    }
    return { events, more };
  }

  #pageRows(runId: string, position: Position): { rows: PageRow[]; more: boolean } {
    const rows: PageRow[] = [];
    let size = 0;
    for (const found of this.#page.iterate(position.attempt, position.sequence, runId)) {
      const row = found as unknown as PageRow;
      rows.push(row);
      size += row.body?.length ?? 0;
      if (size >= charactersPerPage) break;
    }
    return { rows, more: rows.length === rowsPerPage || size >= charactersPerPage };
  }

  /** Whether `position` lies within the run's log, and the log is whole from there on. */
  covers(runId: string, position: Position): boolean {
    const end = this.#end.get(runId) as EndRow | undefined;
    if (!end) return false;
    if (end.attempt === null && end.state >= terminalCode) return false;
    if (!isAfter(position, { attempt: end.fence, sequence: 0 })) return true;
    return !isAfter(position, { attempt: end.attempt ?? 1, sequence: end.sequence ?? 1 });
  }

  /** The last turns of a conversation, oldest first; a run is two of them. */
  turns(conversation: Conversation, limit: number): Turn[] {
    if (limit <= 0) return [];
    const rows = this.#turns.all(conversationKey(conversation), Math.ceil(limit / 2)) as unknown as RunRow[];
    const turns = rows.reverse().flatMap((row): Turn[] => [
      { by: 'USER', text: userText(parseRecord(row.record).request) },
      { by: 'AI', text: this.fold(row).snapshot.text },
    ]);
    return turns.slice(-limit);
  }

  /** Ids of the runs that are executed, or were when their process was lost. */
  executed(): string[] {
    return this.#executed.all().map((row) => String(row['id']));
  }

  /** @throws when the database does not answer. */
  ping(): void {
    this.#ping.get();
  }
}

type PageRow = { state: number; created_at: number } & (
  EventRow | { attempt: null; sequence: null; body: null }
);

interface EndRow {
  fence: number;
  state: number;
  attempt: number | null;
  sequence: number | null;
}
