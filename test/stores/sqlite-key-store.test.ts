import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DatabaseSync } from 'node:sqlite';
import type { NewKey } from '../../src/auth/key-store.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteKeyStore } from '../../src/stores/sqlite/key-store.ts';
import { temporaryFolder } from './sqlite-data.ts';

const user = {
  id: 'user-1',
  role: 'analyst',
  apiAccess: true,
  assignedAgents: ['agent-1', 'agent-2'],
} as const;

function newKey(changes: Partial<NewKey> = {}): NewKey {
  return { id: 'key-1', hash: 'a'.repeat(64), name: 'laptop', user, createdAt: 1_000, ...changes };
}

let folder: string;
let remove: () => Promise<void>;
let database: DatabaseSync;
let store: SqliteKeyStore;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  database = openDatabase(folder);
  store = new SqliteKeyStore(database);
});
afterEach(async () => {
  if (database.isOpen) database.close();
  await remove();
});

test('a key is found by its hash, with its user', async () => {
  expect(await store.isEmpty()).toBe(true);
  await store.create(newKey());
  expect(await store.isEmpty()).toBe(false);
  expect(await store.find('a'.repeat(64))).toEqual(newKey());
  expect(await store.find('b'.repeat(64))).toBeUndefined();
});

test('a key survives the process', async () => {
  await store.create(newKey({ expiresAt: 5_000 }));
  database.close();
  database = openDatabase(folder);
  expect(await new SqliteKeyStore(database).find('a'.repeat(64))).toEqual(newKey({ expiresAt: 5_000 }));
});

test('a stored user stays as it is', async () => {
  await store.create(newKey());
  const other = { ...user, role: 'admin', apiAccess: false, assignedAgents: ['agent-3'] } as const;
  await store.create(newKey({ id: 'key-2', hash: 'b'.repeat(64), user: other }));
  expect((await store.find('b'.repeat(64)))?.user).toEqual(user);
});

test('a user without access and assignments is stored as such', async () => {
  const bare = { id: 'user-2', role: 'viewer', apiAccess: false, assignedAgents: [] } as const;
  await store.create(newKey({ user: bare }));
  expect((await store.find('a'.repeat(64)))?.user).toEqual(bare);
});

test('a taken id or hash rejects and stores nothing', async () => {
  await store.create(newKey());
  const stranger = { ...user, id: 'user-2' };
  await expect(store.create(newKey({ hash: 'b'.repeat(64), user: stranger }))).rejects.toThrow('UNIQUE');
  await expect(store.create(newKey({ id: 'key-2', user: stranger }))).rejects.toThrow('UNIQUE');
  expect(await store.find('b'.repeat(64))).toBeUndefined();
  expect(database.prepare('SELECT id FROM users').all()).toHaveLength(1);
});

test('a key is revoked once and for ever', async () => {
  await store.create(newKey());
  expect(await store.revoke('key-1', 2_000)).toBe(true);
  expect(await store.revoke('key-1', 3_000)).toBe(false);
  expect(await store.revoke('no-such-key', 3_000)).toBe(false);
  expect(await store.find('a'.repeat(64))).toEqual({ ...newKey(), revokedAt: 2_000 });
  expect(await store.isEmpty()).toBe(false);
});

test('a closed store says so', async () => {
  database.close();
  await expect(store.find('a'.repeat(64))).rejects.toThrow(StoreUnavailableError);
  await expect(store.create(newKey())).rejects.toThrow(StoreUnavailableError);
});
