import { describe, expect, test } from '@jest/globals';
import { createApiKey, createApiKeyCheck, ensureAdminKey, hashKey } from '../../src/auth/api-keys.ts';
import { createMemoryKeyStore, storeKey } from './memory-key-store.ts';

const unauthorized = { name: 'Problem', reason: 'unauthorized' };

describe('createApiKey', () => {
  test('makes keys that are long, random and stored by their SHA-256', () => {
    const one = createApiKey();
    expect(one.key).toMatch(/^agw_[\w-]{43}$/);
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashKey(one.key)).toBe(one.hash);
    expect(createApiKey().key).not.toBe(one.key);
    expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('createApiKeyCheck', () => {
  test("a key carries its user's id, role and assignments, at the price of one store call", async () => {
    const store = createMemoryKeyStore();
    const key = await storeKey(store, { id: 'bo', role: 'analyst', assignedAgents: ['hr'] });
    const principal = await createApiKeyCheck({ store })(key);
    expect(principal).toEqual({
      userId: 'bo',
      role: 'analyst',
      kind: 'api-key',
      assignedAgents: new Set(['hr']),
      claims: {},
      anonymousAllowed: false,
    });
    expect(store.lookups).toBe(1);
  });

  test('unknown, expired and revoked keys are refused with the same words', async () => {
    const store = createMemoryKeyStore();
    const expired = await storeKey(store, { id: 'expired' }, { expiresAt: Date.now() });
    const revoked = await storeKey(store, { id: 'revoked' });
    expect(await store.revoke('key-revoked', Date.now())).toBe(true);
    const check = createApiKeyCheck({ store });
    const refusals = await Promise.allSettled([expired, revoked, createApiKey().key, ''].map(check));
    const reasons = refusals.map((refusal) => (refusal.status === 'rejected' ? refusal.reason : 'let in'));
    for (const reason of reasons) expect(reason).toMatchObject(unauthorized);
    expect(new Set(reasons.map((reason) => JSON.stringify([reason.message, reason.details]))).size).toBe(1);
  });

  test('a key that expires later is good', async () => {
    const store = createMemoryKeyStore();
    const key = await storeKey(store, {}, { expiresAt: Date.now() + 60_000 });
    expect((await createApiKeyCheck({ store })(key)).userId).toBe('ann');
  });

  test('a store that answers with another key does not let anybody in', async () => {
    const store = createMemoryKeyStore();
    const known = await storeKey(store);
    const check = createApiKeyCheck({ store: { ...store, find: () => store.find(hashKey(known)) } });
    await expect(check(createApiKey().key)).rejects.toMatchObject(unauthorized);
  });

  test('a user without API access gets permission_denied, but only on a key that is good', async () => {
    const store = createMemoryKeyStore();
    const key = await storeKey(store, { apiAccess: false });
    const check = createApiKeyCheck({ store });
    await expect(check(key)).rejects.toMatchObject({ reason: 'permission_denied' });
    await store.revoke('key-ann', Date.now());
    await expect(check(key)).rejects.toMatchObject(unauthorized);
  });

  test('ADMIN_API_KEY is the administrator without asking the store', async () => {
    const store = createMemoryKeyStore();
    const check = createApiKeyCheck({ store, adminApiKey: 'a-bootstrap-key-of-the-operator' });
    expect(await check('a-bootstrap-key-of-the-operator')).toMatchObject({ userId: 'admin', role: 'admin' });
    expect(store.lookups).toBe(0);
    await expect(check('a-bootstrap-key-of-the-operatoR')).rejects.toMatchObject(unauthorized);
  });
});

describe('ensureAdminKey', () => {
  test('makes one administrator key for an empty store, once', async () => {
    const store = createMemoryKeyStore();
    const key = (await ensureAdminKey(store)) ?? 'none';
    expect(await createApiKeyCheck({ store })(key)).toMatchObject({ userId: 'admin', role: 'admin' });
    expect(await ensureAdminKey(store)).toBeUndefined();
  });
});
