import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyStore, KeyUser, NewKey, StoredKey } from '../../auth/key-store.ts';
import type { UserRole } from '../../auth/principal.ts';
import { answering, transaction } from './database.ts';

interface KeyRow {
  id: string;
  hash: string;
  name: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  user_id: string;
  role: UserRole;
  api_access: number;
  /** JSON array of agent ids. */
  agents: string;
}

/** API keys, their users and assignments in the embedded store. */
export class SqliteKeyStore implements KeyStore {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #any: StatementSync;
  readonly #insertUser: StatementSync;
  readonly #insertAssignment: StatementSync;
  readonly #insertKey: StatementSync;
  readonly #revoke: StatementSync;

  /** @param database from openDatabase; whoever opened it closes it. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#find = database.prepare(`
      SELECT api_keys.id, hash, name, created_at, expires_at, revoked_at, user_id, role, api_access,
        (SELECT json_group_array(agent_id) FROM assignments WHERE assignments.user_id = users.id) AS agents
      FROM api_keys JOIN users ON users.id = api_keys.user_id
      WHERE hash = ?`);
    this.#any = database.prepare('SELECT 1 FROM api_keys LIMIT 1');
    this.#insertUser = database.prepare(
      'INSERT INTO users (id, role, api_access) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
    );
    this.#insertAssignment = database.prepare(
      'INSERT OR IGNORE INTO assignments (user_id, agent_id) VALUES (?, ?)',
    );
    this.#insertKey = database.prepare(
      'INSERT INTO api_keys (id, hash, name, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#revoke = database.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  }

  async find(hash: string): Promise<StoredKey | undefined> {
    const row = answering(() => this.#find.get(hash)) as KeyRow | undefined;
    return row && storedKey(row);
  }

  async create(key: NewKey): Promise<void> {
    answering(() =>
      transaction(this.#database, () => {
        this.#addUser(key.user);
        this.#insertKey.run(key.id, key.hash, key.name, key.user.id, key.createdAt, key.expiresAt ?? null);
      }),
    );
  }

  async isEmpty(): Promise<boolean> {
    return answering(() => this.#any.get()) === undefined;
  }

  async revoke(id: string, at: number): Promise<boolean> {
    return answering(() => this.#revoke.run(at, id)).changes === 1;
  }

  #addUser({ id, role, apiAccess, assignedAgents }: KeyUser): void {
    const { changes } = this.#insertUser.run(id, role, Number(apiAccess));
    if (changes === 0) return;
    for (const agentId of assignedAgents) this.#insertAssignment.run(id, agentId);
  }
}

function storedKey(row: KeyRow): StoredKey {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    user: {
      id: row.user_id,
      role: row.role,
      apiAccess: row.api_access === 1,
      assignedAgents: JSON.parse(row.agents) as string[],
    },
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
  };
}
