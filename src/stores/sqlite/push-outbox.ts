import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  DeadLetter,
  DeadLetterPage,
  Delivery,
  DeliveryFailure,
  PushOutbox,
  StoredPushConfig,
} from '../../a2a/push/outbox.ts';
import { answering, transaction } from './database.ts';
import { dueBehindOthers, type PushRows } from './push-rows.ts';
import { parseRecord } from './run-rows.ts';

interface DeliveryRow {
  number: number;
  config: number;
  attempt: number;
  sequence: number;
  tries: number;
  run: string;
  body: string;
}

interface DeadLetterRow extends DeliveryRow {
  buried_at: number;
  error: string;
  record: string;
}

/** Push notification configs and their notifications in the embedded store. */
export class SqlitePushOutbox implements PushOutbox {
  readonly #database: DatabaseSync;
  readonly #rows: PushRows;
  readonly #list: StatementSync;
  readonly #find: StatementSync;
  readonly #deleteRows: StatementSync;
  readonly #deleteConfig: StatementSync;
  readonly #due: StatementSync;
  readonly #nextDue: StatementSync;
  readonly #take: StatementSync;
  readonly #advance: StatementSync;
  readonly #postpone: StatementSync;
  readonly #bury: StatementSync;
  readonly #deadLetters: StatementSync;
  readonly #countDead: StatementSync;
  readonly #takeDead: StatementSync;
  readonly #requeue: StatementSync;

  /** @param rows the same as the run log's. */
  constructor(database: DatabaseSync, rows: PushRows) {
    this.#database = database;
    this.#rows = rows;
    const ofRun = 'run = (SELECT number FROM runs WHERE id = ?)';
    this.#list = database.prepare(`SELECT body FROM push_configs WHERE ${ofRun} ORDER BY number`);
    this.#find = database.prepare(`SELECT number FROM push_configs WHERE ${ofRun} AND id = ?`);
    this.#deleteRows = database.prepare('DELETE FROM push_outbox WHERE config = ?');
    this.#deleteConfig = database.prepare('DELETE FROM push_configs WHERE number = ?');
    const columns =
      'push_outbox.number, config, push_outbox.attempt, sequence, tries, runs.id AS run, push_configs.body';
    const joined = `FROM push_outbox
      JOIN push_configs ON push_configs.number = push_outbox.config
      JOIN runs ON runs.number = push_configs.run`;
    this.#due = database.prepare(
      `SELECT ${columns} ${joined} WHERE due_at <= ? ORDER BY due_at, push_outbox.number LIMIT ?`,
    );
    this.#nextDue = database.prepare('SELECT min(due_at) AS due_at FROM push_outbox WHERE due_at > ?');
    this.#take = database.prepare('DELETE FROM push_outbox WHERE number = ? RETURNING config');
    this.#advance = database.prepare(`
      UPDATE push_outbox SET due_at = ?
      WHERE number = (SELECT min(number) FROM push_outbox WHERE config = ? AND buried_at IS NULL)`);
    this.#postpone = database.prepare(
      'UPDATE push_outbox SET due_at = ?, tries = ?, error = ? WHERE number = ?',
    );
    this.#bury = database.prepare(
      'UPDATE push_outbox SET due_at = NULL, buried_at = ?, tries = ?, error = ? WHERE number = ? RETURNING config',
    );
    this.#deadLetters = database.prepare(`
      SELECT ${columns}, buried_at, error, records.body AS record ${joined} JOIN records ON records.run = runs.number
      WHERE buried_at IS NOT NULL ORDER BY buried_at DESC, push_outbox.number DESC LIMIT ? OFFSET ?`);
    this.#countDead = database.prepare(
      'SELECT count(*) AS total FROM push_outbox WHERE buried_at IS NOT NULL',
    );
    this.#takeDead = database.prepare(
      'DELETE FROM push_outbox WHERE number = ? AND buried_at IS NOT NULL RETURNING config, attempt, sequence',
    );
    this.#requeue = database.prepare(
      `INSERT INTO push_outbox (config, attempt, sequence, tries, due_at) VALUES (?, ?, ?, 0, ${dueBehindOthers('?1')})`,
    );
  }

  async save(runId: string, config: StoredPushConfig, most: number): Promise<boolean> {
    return this.#change(() => this.#rows.save(runId, config, most));
  }

  async list(runId: string): Promise<StoredPushConfig[]> {
    return answering(() => this.#list.all(runId)).map(({ body }) => parseConfig(String(body)));
  }

  async remove(runId: string, configId: string): Promise<void> {
    this.#change(() => {
      const number = this.#find.get(runId, configId)?.['number'];
      if (number === undefined) return;
      this.#deleteRows.run(number);
      this.#deleteConfig.run(number);
    });
  }

  async due(now: number, limit: number): Promise<Delivery[]> {
    const rows = answering(() => this.#due.all(now, limit)) as unknown as DeliveryRow[];
    return rows.map((row) => ({
      id: String(row.number),
      queue: String(row.config),
      runId: row.run,
      config: parseConfig(row.body),
      position: { attempt: row.attempt, sequence: row.sequence },
      tries: row.tries,
    }));
  }

  async nextDueAt(after: number): Promise<number | undefined> {
    const dueAt = answering(() => this.#nextDue.get(after))?.['due_at'];
    return typeof dueAt === 'number' ? dueAt : undefined;
  }

  async delivered(deliveryId: string, now: number): Promise<void> {
    this.#change(() => this.#advanceAfter(this.#take.get(deliveryId), now));
  }

  async postpone(
    deliveryId: string,
    { dueAt, tries, error }: DeliveryFailure & { dueAt: number },
  ): Promise<void> {
    this.#change(() => this.#postpone.run(dueAt, tries, error, deliveryId));
  }

  async bury(deliveryId: string, { at, tries, error }: DeliveryFailure & { at: number }): Promise<void> {
    this.#change(() => this.#advanceAfter(this.#bury.get(at, tries, error, deliveryId), at));
  }

  async deadLetters({ limit, offset }: { limit: number; offset: number }): Promise<DeadLetterPage> {
    return answering(() => ({
      deadLetters: (this.#deadLetters.all(limit, offset) as unknown as DeadLetterRow[]).map(deadLetter),
      total: Number(this.#countDead.get()?.['total']),
    }));
  }

  async redeliver(deadLetterId: string, now: number): Promise<boolean> {
    return this.#change(() => {
      const dead = this.#takeDead.get(deadLetterId);
      if (!dead) return false;
      this.#requeue.run(Number(dead['config']), Number(dead['attempt']), Number(dead['sequence']), now);
      return true;
    });
  }

  onWrite(listener: () => void): () => void {
    return this.#rows.onWrite(listener);
  }

  #change<T>(work: () => T): T {
    const result = answering(() => transaction(this.#database, work));
    this.#rows.wake();
    return result;
  }

  /** Makes the next notification of the queue due, when one has left it. */
  #advanceAfter(left: Record<string, unknown> | undefined, now: number): void {
    if (left) this.#advance.run(now, Number(left['config']));
  }
}

function parseConfig(body: string): StoredPushConfig {
  return JSON.parse(body) as StoredPushConfig;
}

function deadLetter(row: DeadLetterRow): DeadLetter {
  const { agentId, owner } = parseRecord(row.record);
  const { id: configId, target } = parseConfig(row.body);
  return {
    id: String(row.number),
    runId: row.run,
    agentId,
    owner,
    configId,
    target,
    position: { attempt: row.attempt, sequence: row.sequence },
    tries: row.tries,
    error: row.error,
    at: row.buried_at,
  };
}
