import type { ClientConfig, Pool, PoolClient } from 'pg';
import type { PostgresSource } from '../../data-source.ts';

/** Enough for many short queries, few enough for every replica to have as many. */
const maximumConnections = 5;
const connectTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** How long the database's own time limit may be late. */
const graceMs = 1_000;

export interface SessionRequest {
  timeoutMs: number;
  signal: AbortSignal;
}

/** The connections to one source. Each piece of work gets one in a transaction that reads, and never commits. */
export class Connections {
  readonly #source: PostgresSource;
  #pool: Promise<Pool> | undefined;
  readonly #cancelling = new Set<Promise<void>>();

  constructor(source: PostgresSource) {
    this.#source = source;
  }

  /**
   * Runs the work in a transaction of its own. When the signal aborts, or the database does not keep its time limit,
   * the work is left, its statement canceled and its connection closed.
   * @throws Error of the driver; the signal's reason when it aborts.
   */
  async read<Result>(
    request: SessionRequest,
    work: (client: PoolClient) => Promise<Result>,
  ): Promise<Result> {
    const { signal, timeoutMs } = request;
    const limit = AbortSignal.timeout(connectTimeoutMs + timeoutMs + graceMs);
    const stop = AbortSignal.any([signal, limit]);
    stop.throwIfAborted();
    const client = await this.#connect(stop);
    const transaction = new Transaction(client);
    try {
      return await before(stop, transaction.run(timeoutMs, work));
    } catch (error) {
      if (stop.aborted) this.#cancel(client);
      throw error;
    } finally {
      // One whose state is not known is not used again.
      client.release(transaction.ended ? undefined : new Error('left before its end'));
    }
  }

  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    await Promise.all(this.#cancelling);
    await pool?.end();
  }

  async #connect(stop: AbortSignal): Promise<PoolClient> {
    this.#pool ??= openPool(this.#source);
    const connecting = this.#pool.then((pool) => pool.connect());
    try {
      return await before(stop, connecting);
    } catch (error) {
      if (stop.aborted) void connecting.then((client) => client.release()).catch(() => undefined);
      throw error;
    }
  }

  /** Over a connection of its own: the driver cancels without TLS. */
  #cancel(client: PoolClient): void {
    const { processID } = client as PoolClient & { processID?: number | null };
    if (processID === undefined || processID === null) return;
    const cancelling = cancelProcess(this.#source, processID).catch(() => undefined);
    this.#cancelling.add(cancelling);
    void cancelling.finally(() => this.#cancelling.delete(cancelling));
  }
}

async function openPool(source: PostgresSource): Promise<Pool> {
  const { Pool } = await import('pg');
  const pool = new Pool({
    ...connectionConfig(source),
    max: maximumConnections,
    idleTimeoutMillis: idleTimeoutMs,
    allowExitOnIdle: true,
  });
  // A connection that breaks fails the statement on it; an idle one is replaced with the next use.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  return pool;
}

async function cancelProcess(source: PostgresSource, processId: number): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ ...connectionConfig(source), statement_timeout: connectTimeoutMs });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_cancel_backend($1)', [processId]);
  } finally {
    await client.end();
  }
}

function connectionConfig({ url, password }: PostgresSource): ClientConfig {
  const address = new URL(url);
  address.searchParams.delete('schema');
  if (password !== undefined) address.password = encodeURIComponent(password);
  return {
    connectionString: address.href,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'a2a-gateway',
  };
}

class Transaction {
  /** Whether the connection is as good as before. */
  ended = false;
  readonly #client: PoolClient;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  async run<Result>(timeoutMs: number, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    try {
      await this.#client.query(beginStatements(Math.max(1, Math.trunc(timeoutMs))).join('; '));
      return await work(this.#client);
    } finally {
      await this.#client.query('ROLLBACK').then(
        () => (this.ended = true),
        () => undefined,
      );
    }
  }
}

/** With an empty search path a name without a schema is one of `WITH`, or PostgreSQL's own. */
function beginStatements(timeoutMs: number): string[] {
  return [
    'BEGIN READ ONLY',
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    `SET LOCAL lock_timeout = ${timeoutMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs + 10 * graceMs}`,
    "SET LOCAL search_path = ''",
    // The statement was parsed with this setting; another one would end its texts elsewhere.
    'SET LOCAL standard_conforming_strings = on',
    "SET LOCAL datestyle = 'ISO, YMD'",
  ];
}

/** The promise's result, or the signal's reason as soon as it aborts. */
async function before<Result>(signal: AbortSignal, promise: Promise<Result>): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  promise.catch(() => undefined);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
