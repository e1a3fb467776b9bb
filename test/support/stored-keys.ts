import { randomUUID } from 'node:crypto';
import { createApiKey } from '../../src/auth/api-keys.ts';
import type { KeyUser, NewKey } from '../../src/auth/key-store.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';

/** What differs from a good key of a plain user. */
export interface KeyChanges extends Partial<Pick<NewKey, 'expiresAt'>> {
  user?: Partial<KeyUser>;
  revoked?: boolean;
}

/** Stores one API key per entry in the data folder of a gateway that is yet to start; answers their texts. */
export async function storeKeys<Name extends string>(
  dataDir: string,
  keys: Readonly<Record<Name, KeyChanges>>,
): Promise<Record<Name, string>> {
  const store = await openSqliteStore(dataDir);
  const texts: [string, string][] = [];
  for (const [name, { user, revoked, ...changes }] of Object.entries<KeyChanges>(keys)) {
    const { key, hash } = createApiKey();
    const id = randomUUID();
    const owner: KeyUser = { id: name, role: 'user', apiAccess: true, assignedAgents: [], ...user };
    await store.keys.create({ id, hash, name, createdAt: Date.now(), ...changes, user: owner });
    if (revoked) await store.keys.revoke(id, Date.now());
    texts.push([name, key]);
  }
  await store.close();
  return Object.fromEntries(texts) as Record<Name, string>;
}
