import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SourcePermissions } from '../../../../src/agents/data-permissions.ts';
import type { GuardedDatabase, QueryResult } from '../../../../src/tools/sql/guarded-database.ts';
import { resolveAccess, type SqlValue } from '../../../../src/tools/sql/permissions.ts';
import { ChildPool } from '../../../../src/tools/sql/sqlite/child-pool.ts';
import { FileDatabase } from '../../../../src/tools/sql/sqlite/file-database.ts';

/** Stands in every value that must not be seen. */
export const canary = 'CANARY';
/** A forbidden number, so that comparisons can be tried, too. */
export const hiddenAmount = 987_654_321;

const script = `
  CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT, -- as on letters
    city TEXT,
    ssn TEXT,
    email TEXT
  );
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id TEXT, status TEXT, total REAL, margin REAL);
  CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price REAL);
  CREATE TABLE salaries (id INTEGER PRIMARY KEY AUTOINCREMENT, employee TEXT, amount INTEGER);
  CREATE TABLE "odd ""name" ("sp ace" TEXT, "se""cret" TEXT);
  CREATE VIEW v_customers AS SELECT id, name, ssn FROM customers;
  CREATE VIEW v_names AS SELECT name FROM customers;
  CREATE VIEW v_orders AS SELECT id, status FROM orders;
  CREATE VIEW v_salaries AS SELECT employee, amount FROM salaries;
  CREATE VIEW v_count AS SELECT count(*) AS n FROM salaries;
  CREATE VIEW v_broken AS SELECT gone FROM nowhere;
  CREATE INDEX by_ssn ON customers (ssn);
  INSERT INTO customers VALUES
    ('C-7', 'Ada', 'Berlin', 'CANARY-ssn-1', 'CANARY-1@x'),
    ('C-9', 'Bob', 'Paris', 'CANARY-ssn-2', 'CANARY-2@x');
  INSERT INTO orders VALUES
    (1, 'C-7', 'shipped', 10, 987654321), (2, 'C-7', 'open', 20, 987654321), (3, 'C-9', 'CANARY-row', 30, 987654321);
  INSERT INTO products VALUES ('MUG', 'Mug', 12.5), ('LAMP', 'Lamp', 49);
  INSERT INTO salaries (employee, amount) VALUES ('CANARY-boss', 987654321);
  INSERT INTO "odd ""name" VALUES ('fine', 'CANARY-odd');
`;

export const shopPermissions: SourcePermissions = {
  tables: {
    customers: { deny: ['ssn', 'email'] },
    orders: {
      allow: ['id', 'customer_id', 'status', 'total'],
      rowFilter: { customer_id: { context: 'customer' } },
    },
    products: {},
    'odd "name': { deny: ['se"cret'] },
    v_customers: {},
    v_names: {},
    v_orders: {},
    v_salaries: {},
    v_count: {},
  },
};

/** A database file with things to hide, guarded by real child processes. */
export class ShopDatabase {
  readonly folder = mkdtempSync(join(tmpdir(), 'shop-'));
  readonly file = join(this.folder, 'shop.db');
  readonly pool = new ChildPool({ size: 2, maxWaiting: 100 });
  readonly database: GuardedDatabase = new FileDatabase(
    { id: 'shop', type: 'sqlite', path: this.file },
    this.pool,
  );

  constructor() {
    const db = new DatabaseSync(this.file);
    db.exec(script);
    db.close();
  }

  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    const { permissions = shopPermissions, parameters = {}, maxRows = 100, timeoutMs = 10_000 } = options;
    return await this.database.query({
      sql,
      parameters,
      access: resolveAccess(permissions, { customer: 'C-7' }),
      maxRows,
      timeoutMs,
      signal: options.signal ?? new AbortController().signal,
    });
  }

  async close(): Promise<void> {
    await this.pool.close();
    await this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}

export interface QueryOptions {
  permissions?: SourcePermissions;
  parameters?: Record<string, SqlValue>;
  maxRows?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}
