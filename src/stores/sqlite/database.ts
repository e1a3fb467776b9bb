import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreUnavailableError } from '../../runs/log.ts';
import { migrations } from './schema.ts';

const fileName = 'a2a-gateway.db';
const inMemory = ':memory:';

/**
 * Exclusive locking keeps a second process off the file, frees it the moment this one dies, and spares the
 * shared memory of the write-ahead log. Synchronous NORMAL: what is committed survives the process; a power
 * cut may take the last moments with it. The log grows to 16 MB before it is carried into the file: pages
 * written again and again are then carried once, and the disk is waited for less often.
 */
const settings = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -16000;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
`;

/** SQLite result codes that say that the store is not to be had now; the others are mistakes of the statement. */
const unavailableCodes: ReadonlySet<number> = new Set([
  5 /* BUSY */, 6 /* LOCKED */, 7 /* NOMEM */, 8 /* READONLY */, 9 /* INTERRUPT */, 10 /* IOERR */,
  11 /* CORRUPT */, 13 /* FULL */, 14 /* CANTOPEN */, 22 /* NOLFS */, 26 /* NOTADB */,
]);

/**
 * Opens the embedded store in a folder, which is made if need be (mode 0700), or in memory (`:memory:`).
 * One process at a time.
 * @throws StoreUnavailableError with a sentence that names DATA_DIR.
 */
export function openDatabase(dataDir: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (dataDir !== inMemory) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(dataDir === inMemory ? inMemory : join(dataDir, fileName));
    database.exec(settings);
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    throw new StoreUnavailableError(whyNotOpened(dataDir, error), { cause: error });
  }
}

/** The error as callers of a store know it: StoreUnavailableError where a later try may succeed. */
export function storeError(error: unknown): unknown {
  if (!isUnavailable(error)) return error;
  return new StoreUnavailableError(`The embedded store does not answer: ${error.message}.`, { cause: error });
}

/** Runs `work` with the store's errors translated. */
export function answering<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error);
  }
}

/** Runs `work` in a transaction of its own. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk or a failing one has ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) throw new NewerSchemaError();
  // A transaction even when there is nothing to do: it takes the lock now, not at the first request.
  transaction(database, () => {
    for (const statements of migrations.slice(version)) database.exec(statements);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

class NewerSchemaError extends Error {}

/** What node:sqlite and node:fs throw. Told by its fields: the class is another one in another realm. */
interface Failure {
  message: string;
  code?: string;
  /** SQLite's extended result code; the low byte is the primary one. */
  errcode?: number;
}

function isUnavailable(error: unknown): error is Failure {
  const { code, errcode = 0 } = error as Failure;
  return code === 'ERR_INVALID_STATE' || unavailableCodes.has(errcode & 0xff);
}

function whyNotOpened(dataDir: string, error: unknown): string {
  const { errcode: code, message } = error as Failure;
  const subject = `DATA_DIR ${dataDir}`;
  if (code === 5)
    return `${subject} is in use by another a2a-gateway process. Stop it, or give each its own DATA_DIR.`;
  if (code === 26)
    return `${subject} holds a ${fileName} that is not a database. Move it away, or name another DATA_DIR.`;
  if (error instanceof NewerSchemaError) {
    return `${subject} was written by a newer a2a-gateway. Start that version, or name another DATA_DIR.`;
  }
  return `${subject} cannot be opened: ${message}.`;
}
