import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isAfter, type StoredEvent } from '../../runs/event.ts';
import { FencedError, type AppendBatch, type CreateOptions, type CreateOutcome } from '../../runs/log.ts';
import type { RunRecord } from '../../runs/record.ts';
import { fold, type RunSnapshot } from '../../runs/snapshot.ts';
import type { PushRows } from './push-rows.ts';
import type { RunQueries } from './run-queries.ts';
import {
  conversationKey,
  encodeEvents,
  isSameRequest,
  parseRecord,
  requestKey,
  scopeKey,
  stateCode,
  terminalCode,
} from './run-rows.ts';

/**
 * A log of at most this many events is folded faster than its snapshot is saved, even that of a finished run;
 * when its events go, the snapshot is made of them for the last time.
 */
const shortLog = 64;

/** The changes of the run log; each runs inside somebody's transaction. */
export class RunWrites {
  readonly #queries: RunQueries;
  readonly #push: PushRows;
  readonly #findRequest: StatementSync;
  readonly #insertRun: StatementSync;
  readonly #insertRecord: StatementSync;
  readonly #insertEvents: StatementSync;
  readonly #findOwn: StatementSync;
  readonly #updateState: StatementSync;
  readonly #saveSnapshot: StatementSync;
  readonly #raiseAttempt: StatementSync;
  readonly #unlist: StatementSync;

  constructor(database: DatabaseSync, queries: RunQueries, push: PushRows) {
    this.#queries = queries;
    this.#push = push;
    this.#findRequest = database.prepare(`
      SELECT records.body AS record FROM runs JOIN records ON records.run = runs.number
      WHERE request_key = ? AND created_at >= ? AND state <> ${stateCode('failed')}
      ORDER BY number DESC`);
    this.#insertRun = database.prepare(`
      INSERT INTO runs (id, scope, conversation, request_key, listed, remembered, attempt, state, state_at, created_at)
      VALUES (?, ?, ?, ?, ?, ?, 1, ${stateCode('submitted')}, ?, ?)`);
    this.#insertRecord = database.prepare('INSERT INTO records (run, body) VALUES (?, ?)');
    const own = `FROM runs WHERE id = ? AND attempt = ? AND state < ${terminalCode}`;
    // The fence and the insert in one statement: nothing is inserted for whoever lost the run.
    this.#insertEvents = database.prepare(
      `INSERT INTO events (run, attempt, sequence, body) SELECT number, ?, ?, ? ${own}`,
    );
    this.#findOwn = database.prepare(`SELECT number ${own}`);
    this.#updateState = database.prepare('UPDATE runs SET state = ?, state_at = ? WHERE id = ?');
    this.#saveSnapshot = database.prepare(`
      INSERT INTO snapshots (run, attempt, sequence, body) SELECT number, ?, ?, ? FROM runs WHERE id = ?
      ON CONFLICT (run) DO UPDATE SET attempt = excluded.attempt, sequence = excluded.sequence, body = excluded.body
      WHERE (excluded.attempt, excluded.sequence) > (snapshots.attempt, snapshots.sequence)`);
    this.#unlist = database.prepare('UPDATE runs SET listed = 0, remembered = 0 WHERE id = ?');
    this.#raiseAttempt = database.prepare(
      `UPDATE runs SET attempt = attempt + 1 WHERE id = ? AND attempt = ? AND state < ${terminalCode}`,
    );
  }

  create(record: RunRecord, { windowMs, pushConfig }: CreateOptions): CreateOutcome {
    const key = windowMs > 0 ? requestKey(record) : null;
    const earlier = key === null ? undefined : this.#sameRequest(record, key, record.createdAt - windowMs);
    if (earlier) {
      return earlier.contentHash === record.contentHash
        ? { outcome: 'existing', record: earlier }
        : { outcome: 'conflict' };
    }
    const listed = record.door === 'a2a';
    const { lastInsertRowid } = this.#insertRun.run(
      record.id,
      scopeKey(record.owner, record.agentId),
      conversationKey(record),
      key,
      Number(listed),
      Number(listed && record.request.history === undefined),
      record.createdAt,
      record.createdAt,
    );
    this.#insertRecord.run(lastInsertRowid, JSON.stringify(record));
    if (pushConfig) this.#push.save(record.id, pushConfig, 1);
    return { outcome: 'created' };
  }

  /** Whether there are notifications to push about it. @throws FencedError before anything is changed. */
  append(runId: string, { attempt, events, snapshot }: AppendBatch): boolean {
    const last = events.at(-1);
    const owned = last
      ? this.#insertEvents.run(attempt, last.sequence, encodeEvents(events), runId, attempt).changes === 1
      : this.#findOwn.get(runId, attempt) !== undefined;
    if (!owned) throw new FencedError(runId);
    const queued = this.#push.enqueue(runId, events);
    const after = this.#snapshotAfter(runId, events, snapshot);
    if (!after) return queued;
    this.#updateState.run(stateCode(after.state), after.stateAt, runId);
    // The agent answered without a task: there is none to list.
    if (after.finished?.reply) this.#unlist.run(runId);
    if (after.sequence > shortLog) this.#save(runId, after);
    return queued;
  }

  /** Saves what its events make of a run; for when they are about to go. */
  keepSnapshot(runNumber: number): void {
    const run = this.#queries.loadNumbered(runNumber);
    if (run) this.#save(run.record.id, run.snapshot);
  }

  #save(runId: string, snapshot: RunSnapshot): void {
    this.#saveSnapshot.run(snapshot.attempt, snapshot.sequence, JSON.stringify(snapshot), runId);
  }

  /** The next attempt; undefined: the run is another's, or finished. */
  takeOver(runId: string, attempt: number): number | undefined {
    return this.#raiseAttempt.run(runId, attempt).changes === 1 ? attempt + 1 : undefined;
  }

  #sameRequest(record: RunRecord, key: number, since: number): RunRecord | undefined {
    for (const row of this.#findRequest.iterate(key, since)) {
      const earlier = parseRecord(String(row['record']));
      if (isSameRequest(earlier, record)) return earlier;
    }
    return undefined;
  }

  /** The snapshot after the last event; one that is older than the batch says nothing new. */
  #snapshotAfter(
    runId: string,
    events: readonly StoredEvent[],
    given?: RunSnapshot,
  ): RunSnapshot | undefined {
    const [first] = events;
    if (!first) return undefined;
    if (given && !isAfter({ attempt: first.attempt, sequence: first.sequence - 1 }, given)) {
      const snapshot = { ...given };
      for (const event of events) fold(snapshot, event);
      return snapshot;
    }
    // That a run ended or began anew must be seen by its fence, by lists and after a restart, whatever was brought.
    const turns = first.event.kind === 'restarted' || events.at(-1)?.event.kind === 'finished';
    return turns ? this.#queries.load(runId)?.snapshot : undefined;
  }
}
