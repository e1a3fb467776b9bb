import type { UserRole } from './principal.ts';

/** The owner of a key, as authentication needs it. */
export interface KeyUser {
  readonly id: string;
  readonly role: UserRole;
  /** `false`: every key of this user is answered 403. */
  readonly apiAccess: boolean;
  /** Ids of the agents with `access: assigned` that the user may use. */
  readonly assignedAgents: readonly string[];
}

/** One API key as stored: its SHA-256, never its text. Times are milliseconds since the epoch. */
export interface StoredKey {
  readonly id: string;
  /** SHA-256 of the key's text, 64 lower-case hex characters; unique. */
  readonly hash: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly user: KeyUser;
  readonly createdAt: number;
  /** From this moment on it is refused; absent: never. */
  readonly expiresAt?: number;
  /** Set once and for ever: from then on it is refused. */
  readonly revokedAt?: number;
}

export type NewKey = Omit<StoredKey, 'revokedAt'>;

/** Where API keys are kept. Every method rejects with StoreUnavailableError while the store cannot be reached. */
export interface KeyStore {
  /**
   * The key with this hash, with its user's role, access and assignments as they are now. Expired and revoked
   * keys are found too: whether a key is still good is decided by the caller. Called once per request.
   */
  find(hash: string): Promise<StoredKey | undefined>;
  /**
   * Stores a key. A user who is not stored yet is stored with it, assignments included; a stored user stays
   * as it is. An id or hash that is taken rejects. The key works once the promise has resolved.
   */
  create(key: NewKey): Promise<void>;
  /** Whether no key was ever stored; revoked and expired ones count as stored. */
  isEmpty(): Promise<boolean>;
  /** Revokes a key at `at` (milliseconds). `false`: no such key, or revoked before, which stays as it was. */
  revoke(id: string, at: number): Promise<boolean>;
}
