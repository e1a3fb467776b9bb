import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredPushConfig } from '../../a2a/push/outbox.ts';
import { isTerminal, type StoredEvent } from '../../runs/event.ts';
import { isNotable } from '../../runs/notable.ts';
import { emptySnapshot, fold } from '../../runs/snapshot.ts';
import { stateOf, terminalCode } from './run-rows.ts';

/**
 * The half of push that the run log writes: configs that come with a run, and notifications with their events.
 * Each method runs inside somebody's transaction. This process is the only one on the store, so it knows which
 * runs have configs: the others cost one look into a set.
 */
export class PushRows {
  readonly #state: StatementSync;
  readonly #others: StatementSync;
  readonly #put: StatementSync;
  readonly #enqueue: StatementSync;
  /** Ids of the runs that are not finished and may have configs. */
  readonly #watched: Set<string>;
  readonly #listeners = new Set<() => void>();

  constructor(database: DatabaseSync) {
    this.#state = database.prepare('SELECT number, state FROM runs WHERE id = ?');
    this.#others = database.prepare(
      'SELECT count(*) AS others FROM push_configs WHERE run = (SELECT number FROM runs WHERE id = ?) AND id <> ?',
    );
    this.#put = database.prepare(`
      INSERT INTO push_configs (run, id, artifacts, body) SELECT number, ?, ?, ? FROM runs WHERE id = ?
      ON CONFLICT (run, id) DO UPDATE SET artifacts = excluded.artifacts, body = excluded.body`);
    this.#enqueue = database.prepare(`
      INSERT INTO push_outbox (config, attempt, sequence, tries, due_at)
      SELECT number, ?, ?, 0, ${dueBehindOthers('push_configs.number')}
      FROM push_configs WHERE run = ? AND artifacts >= ?`);
    const watched = database.prepare(`
      SELECT DISTINCT runs.id FROM push_configs JOIN runs ON runs.number = push_configs.run
      WHERE runs.state < ${terminalCode}`);
    this.#watched = new Set(watched.all().map((row) => String(row['id'])));
  }

  /** False: the run has `most` other configs already. */
  save(runId: string, config: StoredPushConfig, most: number): boolean {
    if (Number(this.#others.get(runId, config.id)?.['others']) >= most) return false;
    this.#put.run(config.id, Number(config.artifacts), JSON.stringify(config), runId);
    const run = this.#state.get(runId);
    if (run && Number(run['state']) < terminalCode) this.#watched.add(runId);
    return true;
  }

  /** Writes the notifications about these events; before the run's new state is written. Whether there are any. */
  enqueue(runId: string, events: readonly StoredEvent[]): boolean {
    if (!this.#watched.has(runId)) return false;
    const run = this.#state.get(runId);
    if (!run) return false;
    const snapshot = { ...emptySnapshot(0), state: stateOf(Number(run['state'])) };
    let changes = 0;
    for (const stored of events) {
      const before = snapshot.state;
      fold(snapshot, stored);
      const states = { before, after: snapshot.state };
      if (!isNotable(stored.event, { ...states, artifacts: true })) continue;
      const onlyForArtifacts = !isNotable(stored.event, { ...states, artifacts: false });
      const { attempt, sequence } = stored;
      const values = [attempt, sequence, Date.now(), Number(run['number']), Number(onlyForArtifacts)];
      changes += Number(this.#enqueue.run(...values).changes);
    }
    return changes > 0;
  }

  /** What `enqueue` wrote is stored. */
  committed(runId: string, last: StoredEvent | undefined, queued: boolean): void {
    if (last?.event.kind === 'finished' && isTerminal(last.event.state)) this.#watched.delete(runId);
    if (queued) this.wake();
  }

  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** SQL of a new notification's due time: a time to bind, or NULL behind others, where it waits for its turn. */
export function dueBehindOthers(config: string): string {
  return `CASE WHEN EXISTS (
    SELECT 1 FROM push_outbox WHERE push_outbox.config = ${config} AND buried_at IS NULL
  ) THEN NULL ELSE ? END`;
}
