import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DatabaseSync } from 'node:sqlite';
import type { KeyReplacement } from '../../src/auth/signing-key-store.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteSigningKeyStore } from '../../src/stores/sqlite/signing-key-store.ts';

const publicKey = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;

let database: DatabaseSync;
let store: SqliteSigningKeyStore;
beforeEach(() => {
  database = openDatabase(':memory:');
  store = new SqliteSigningKeyStore(database);
});
afterEach(() => {
  if (database.isOpen) database.close();
});

function replacement(kid: string, at: number, previous?: string, forgetBefore = 0): KeyReplacement {
  const key = { kid, publicKey, sealedPrivateKey: `sealed ${kid}`, createdAt: at };
  return { key, ...(previous !== undefined && { previous }), at, forgetBefore };
}

test('the first key becomes current', async () => {
  expect(await store.list()).toEqual([]);
  expect(await store.replaceCurrent(replacement('one', 1))).toBe(true);
  expect(await store.list()).toEqual([
    { kid: 'one', publicKey, sealedPrivateKey: 'sealed one', createdAt: 1 },
  ]);
});

test('the previous key is retired and loses its private half', async () => {
  await store.replaceCurrent(replacement('one', 1));
  expect(await store.replaceCurrent(replacement('two', 2, 'one'))).toBe(true);
  expect(await store.list()).toEqual([
    { kid: 'two', publicKey, sealedPrivateKey: 'sealed two', createdAt: 2 },
    { kid: 'one', publicKey, createdAt: 1, retiredAt: 2 },
  ]);
});

test('whoever knows another current key changes nothing', async () => {
  await store.replaceCurrent(replacement('one', 1));
  const before = await store.list();
  expect(await store.replaceCurrent(replacement('two', 2))).toBe(false);
  expect(await store.replaceCurrent(replacement('two', 2, 'zero'))).toBe(false);
  expect(await store.list()).toEqual(before);
});

test('keys that were retired long ago are forgotten', async () => {
  await store.replaceCurrent(replacement('one', 1));
  await store.replaceCurrent(replacement('two', 2, 'one'));
  await store.replaceCurrent(replacement('three', 9, 'two', 3));
  expect((await store.list()).map(({ kid }) => kid)).toEqual(['three', 'two']);
});

test('a retired key can be current again', async () => {
  await store.replaceCurrent(replacement('one', 1));
  await store.replaceCurrent(replacement('two', 2, 'one'));
  await store.replaceCurrent(replacement('one', 3, 'two'));
  const current = (await store.list()).filter(({ retiredAt }) => retiredAt === undefined);
  expect(current).toEqual([{ kid: 'one', publicKey, sealedPrivateKey: 'sealed one', createdAt: 1 }]);
});

test('a store that is closed says that it does not answer', async () => {
  database.close();
  await expect(store.list()).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(store.replaceCurrent(replacement('one', 1))).rejects.toBeInstanceOf(StoreUnavailableError);
});
