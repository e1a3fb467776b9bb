import type { KeyStore, KeyUser, NewKey, StoredKey } from '../../src/auth/key-store.ts';
import { createApiKey } from '../../src/auth/api-keys.ts';

/** The port in memory; `lookups` counts what reached it. */
export interface MemoryKeyStore extends KeyStore {
  readonly lookups: number;
}

export function createMemoryKeyStore(): MemoryKeyStore {
  const keys = new Map<string, StoredKey>();
  let lookups = 0;
  return {
    get lookups() {
      return lookups;
    },
    async find(hash) {
      lookups += 1;
      return keys.get(hash);
    },
    async create(key) {
      keys.set(key.hash, key);
    },
    async isEmpty() {
      return keys.size === 0;
    },
    async revoke(id, at) {
      const key = [...keys.values()].find((candidate) => candidate.id === id);
      if (!key || key.revokedAt !== undefined) return false;
      keys.set(key.hash, { ...key, revokedAt: at });
      return true;
    },
  };
}

/** Stores a key of a user (by default `ann`, role `user`) and returns its clear text. Its id is `key-<user id>`. */
export async function storeKey(
  store: KeyStore,
  user: Partial<KeyUser> = {},
  times: Pick<NewKey, 'expiresAt'> = {},
): Promise<string> {
  const { key, hash } = createApiKey();
  const owner = { id: 'ann', role: 'user' as const, apiAccess: true, assignedAgents: [], ...user };
  await store.create({ id: `key-${owner.id}`, hash, name: 'test', user: owner, createdAt: 0, ...times });
  return key;
}
