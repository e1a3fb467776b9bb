import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushOutbox } from '../../a2a/push/outbox.ts';
import type { KeyStore } from '../../auth/key-store.ts';
import type { SigningKeyStore } from '../../auth/signing-key-store.ts';
import { Feed } from '../../runs/feed.ts';
import type { RunLog } from '../../runs/log.ts';
import type { TicketStore } from '../../tools/gateway/ticket-store.ts';
import { openDatabase } from './database.ts';
import { SqliteKeyStore } from './key-store.ts';
import { SqlitePushOutbox } from './push-outbox.ts';
import { PushRows } from './push-rows.ts';
import { SqliteRunLog } from './run-log.ts';
import { SqliteSigningKeyStore } from './signing-key-store.ts';
import { SqliteTicketStore } from './ticket-store.ts';

/** Everything that the embedded store keeps. */
export interface SqliteStore {
  runs: RunLog;
  keys: KeyStore;
  signingKeys: SigningKeyStore;
  push: PushOutbox;
  tickets: TicketStore;
  /** 32 bytes that seal stored secrets. */
  secretsKey: Buffer;
  close: () => Promise<void>;
}

/**
 * Opens the embedded store.
 * @param secretsKey SECRETS_KEY in base64; absent: one is made in `DATA_DIR/secrets.key`
 * @throws StoreUnavailableError naming DATA_DIR when another process holds it or it cannot be opened.
 */
export async function openSqliteStore(dataDir: string, secretsKey?: string): Promise<SqliteStore> {
  const database = openDatabase(dataDir);
  const push = new PushRows(database);
  const runs = new SqliteRunLog(database, new Feed(), push);
  return {
    runs,
    keys: new SqliteKeyStore(database),
    signingKeys: new SqliteSigningKeyStore(database),
    push: new SqlitePushOutbox(database, push),
    tickets: new SqliteTicketStore(database),
    secretsKey: secretsKey === undefined ? await ownSecretsKey(dataDir) : Buffer.from(secretsKey, 'base64'),
    close: async () => await runs.close(),
  };
}

async function ownSecretsKey(dataDir: string): Promise<Buffer> {
  if (dataDir === ':memory:') return randomBytes(32);
  const path = join(dataDir, 'secrets.key');
  try {
    return Buffer.from(await readFile(path, 'utf8'), 'base64');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32);
  await writeFile(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
