import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/problem.ts';
import type { KeyStore, KeyUser, StoredKey } from './key-store.ts';
import type { Principal } from './principal.ts';
import { unauthorized } from './unauthorized.ts';

const ADMINISTRATOR: KeyUser = { id: 'admin', role: 'admin', apiAccess: true, assignedAgents: [] };

/** A new random API key, `agw_` and 43 base64url characters (256 bits), with the hash that is stored in its place. */
export function createApiKey(): { key: string; hash: string } {
  const key = `agw_${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashKey(key) };
}

/** SHA-256 as 64 hex characters. A random 256-bit key needs no salt and no slow hash. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}

export interface KeyCheckOptions {
  store: KeyStore;
  /** ADMIN_API_KEY: it is user `admin` with the role admin, whatever the store holds. */
  adminApiKey?: string;
}

/** @throws Problem unauthorized, or permission_denied when the user may not use the API. */
export type CheckApiKey = (key: string) => Promise<Principal>;

/** Makes the check of API keys: one hash and one store call per key. */
export function createApiKeyCheck(options: KeyCheckOptions): CheckApiKey {
  const { store, adminApiKey } = options;
  const adminHash = adminApiKey === undefined ? undefined : hashKey(adminApiKey);
  const administrator = principalOf(ADMINISTRATOR);
  return async (key) => {
    const hash = hashKey(key);
    if (adminHash !== undefined && sameHash(hash, adminHash)) return administrator;
    const found = await store.find(hash);
    if (!found || !sameHash(hash, found.hash) || !isGood(found, Date.now())) throw unauthorized();
    if (!found.user.apiAccess) {
      throw new Problem('permission_denied', 'This user has no API access; an administrator can grant it.');
    }
    return principalOf(found.user);
  };
}

/**
 * Creates the first administrator key if no key was ever stored, and returns its clear text, which exists
 * nowhere else: it is for showing once. Undefined: there is a key already. For starts without ADMIN_API_KEY.
 */
export async function ensureAdminKey(store: KeyStore): Promise<string | undefined> {
  if (!(await store.isEmpty())) return undefined;
  const { key, hash } = createApiKey();
  await store.create({
    id: randomUUID(),
    hash,
    name: 'bootstrap administrator',
    user: ADMINISTRATOR,
    createdAt: Date.now(),
  });
  return key;
}

function isGood(key: StoredKey, now: number): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || now < key.expiresAt);
}

function sameHash(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function principalOf(user: KeyUser): Principal {
  return {
    userId: user.id,
    role: user.role,
    kind: 'api-key',
    assignedAgents: new Set(user.assignedAgents),
    claims: {},
    anonymousAllowed: false,
  };
}
