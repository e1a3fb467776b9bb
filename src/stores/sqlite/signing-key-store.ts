import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  KeyReplacement,
  PublicSigningKey,
  SigningKeyStore,
  StoredSigningKey,
} from '../../auth/signing-key-store.ts';
import { answering, transaction } from './database.ts';

interface SigningKeyRow {
  kid: string;
  /** JSON. */
  public_key: string;
  sealed_private_key: string | null;
  created_at: number;
  retired_at: number | null;
}

/** The gateway's signing keys in the embedded store. */
export class SqliteSigningKeyStore implements SigningKeyStore {
  readonly #database: DatabaseSync;
  readonly #list: StatementSync;
  readonly #current: StatementSync;
  readonly #retire: StatementSync;
  readonly #forget: StatementSync;
  readonly #put: StatementSync;

  /** @param database from openDatabase; whoever opened it closes it. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#list = database.prepare('SELECT * FROM signing_keys ORDER BY created_at DESC, rowid DESC');
    this.#current = database.prepare('SELECT kid FROM signing_keys WHERE retired_at IS NULL');
    this.#retire = database.prepare(
      'UPDATE signing_keys SET retired_at = ?, sealed_private_key = NULL WHERE retired_at IS NULL',
    );
    this.#forget = database.prepare('DELETE FROM signing_keys WHERE retired_at < ?');
    this.#put = database.prepare(`
      INSERT INTO signing_keys (kid, public_key, sealed_private_key, created_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (kid) DO UPDATE SET sealed_private_key = excluded.sealed_private_key, retired_at = NULL`);
  }

  async list(): Promise<StoredSigningKey[]> {
    return answering(() => this.#list.all() as unknown as SigningKeyRow[]).map(storedKey);
  }

  async replaceCurrent({ key, previous, at, forgetBefore }: KeyReplacement): Promise<boolean> {
    return answering(() =>
      transaction(this.#database, () => {
        if (this.#current.get()?.['kid'] !== previous) return false;
        this.#retire.run(at);
        this.#forget.run(forgetBefore);
        this.#put.run(key.kid, JSON.stringify(key.publicKey), key.sealedPrivateKey ?? null, key.createdAt);
        return true;
      }),
    );
  }
}

function storedKey(row: SigningKeyRow): StoredSigningKey {
  return {
    kid: row.kid,
    publicKey: JSON.parse(row.public_key) as PublicSigningKey,
    ...(row.sealed_private_key !== null && { sealedPrivateKey: row.sealed_private_key }),
    createdAt: row.created_at,
    ...(row.retired_at !== null && { retiredAt: row.retired_at }),
  };
}
