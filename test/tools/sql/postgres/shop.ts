import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { GuardedQuery, QueryResult } from '../../../../src/tools/sql/guarded-database.ts';
import type { SourceAccess } from '../../../../src/tools/sql/permissions.ts';
import { PostgresDatabase } from '../../../../src/tools/sql/postgres/postgres-database.ts';
import { asLogin, startPostgres } from '../../../support/postgres.ts';
import { warningsTo, type Warning } from '../../../support/warnings.ts';

/** What stands in closed columns and rows, also as a lexeme. Numbers there are beyond 990,000; no permitted value is. */
export const canary = /CANARY|99\d{4}/i;

const tables = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.status AS ENUM ('open', 'paid');
  CREATE TABLE shop.customers (id int PRIMARY KEY, name text, country text, ssn text, email text);
  CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int, amount numeric(10,2), status shop.status, note text);
  CREATE TABLE shop.products (id int PRIMARY KEY, title text, price numeric, tags text[], facts jsonb);
  CREATE TABLE shop.salaries (id int PRIMARY KEY, name text, amount int);
  CREATE TABLE shop."Odd ""Names""" (id int, "Größe" text, "SSN" text);
  CREATE TABLE shop.events (id int, date date, name text, text text, count int, status text, "left" text,
                            version text, ts_stat text, regclass text, current_setting text);
  COMMENT ON TABLE shop.orders IS 'What was ordered';
  COMMENT ON COLUMN shop.orders.amount IS 'In euros';
  INSERT INTO shop.customers
    SELECT n, 'name ' || n, CASE WHEN n % 2 = 0 THEN 'DE' ELSE 'FR' END, 'CANARY-ssn-' || n, 'CANARY-' || n || '@x.example'
      FROM generate_series(1, 5) n;
  INSERT INTO shop.orders VALUES
    (1, 1, 10.00, 'open', 'first'), (2, 1, 20.50, 'paid', 'second'), (3, 1, 5.00, 'paid', NULL),
    (990004, 2, 990004, 'open', 'CANARY-order-4'), (990005, 3, 990005, 'paid', 'CANARY-order-5');
  INSERT INTO shop.products VALUES (1, 'pen', 1.5, '{a,b}', '{"k": 1}'), (2, 'ink', 7, '{}', '[]');
  INSERT INTO shop.salaries VALUES (1, 'CANARY-salary', 990001);
  INSERT INTO shop."Odd ""Names""" VALUES (1, 'big', 'CANARY-odd');
  INSERT INTO shop.events VALUES (1, '2026-01-02', 'n', 't', 1, 's', 'l', 'v', 'ts', 'r', 'CANARY-event');
  CREATE VIEW shop.v_products AS SELECT id, upper(title) AS title FROM shop.products;
  CREATE VIEW shop.v_secrets AS SELECT id, ssn FROM shop.customers;
  CREATE VIEW shop.v_rows AS SELECT id, to_jsonb(c) AS everything FROM shop.customers c;
  CREATE VIEW shop.v_orders AS SELECT id, note FROM shop.orders;
  CREATE VIEW shop.v_code AS
    SELECT id, query_to_xml('SELECT * FROM shop.salaries', true, true, '')::text AS x FROM shop.products;
  CREATE VIEW shop.v_salaries AS SELECT name FROM shop.salaries;
  CREATE FUNCTION shop.leak() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM shop.customers LIMIT 1';
  CREATE FUNCTION public.leak(int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM shop.customers LIMIT 1';
  CREATE FUNCTION public.leak(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM shop.customers LIMIT 1';
  CREATE FUNCTION shop.leak(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM shop.customers LIMIT 1';
  CREATE FUNCTION shop.shop_leak(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM shop.customers LIMIT 1';
  CREATE FUNCTION public.whole_leak(record) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ''CANARY-record''; END';
  CREATE VIEW shop.v_function AS SELECT id, shop.leak() AS x FROM shop.products;
`;

const everything = { deny: [], rows: new Map() };

/** The customer 1's view of the shop; of the views, only `v_products` reads what is permitted. */
export const access: SourceAccess = new Map([
  ['customers', { deny: ['ssn', 'email'], rows: new Map() }],
  ['orders', { deny: [], rows: new Map([['customer_id', 1]]) }],
  ['products', everything],
  ['events', { deny: ['current_setting'], rows: new Map() }],
  ['Odd "Names"', { allow: ['id', 'Größe', 'SSN'], deny: ['ssn'], rows: new Map() }],
  ['v_products', everything],
  ['v_secrets', everything],
  ['v_rows', everything],
  ['v_orders', everything],
  ['v_code', everything],
  ['v_salaries', everything],
  ['v_function', everything],
]);

/** With what has a meaning in a URL. */
const readerPassword = 'p@ss:/?#%2F ü';

const grants = (role: string): string => `
  CREATE ROLE ${role} LOGIN PASSWORD '${readerPassword}';
  GRANT USAGE ON SCHEMA shop TO ${role};
  GRANT SELECT (id, name, country) ON shop.customers TO ${role};
  GRANT SELECT ON shop.orders, shop.products, shop.v_products TO ${role};
  GRANT SELECT (id, date, name, text, count, status, "left", version, ts_stat, regclass) ON shop.events TO ${role};
  GRANT SELECT (id, "Größe") ON shop."Odd ""Names""" TO ${role};
`;

export interface Shop {
  /** By login: one with no more rights than `access`, and one that may do everything. */
  databases: Record<'reader' | 'administrator', PostgresDatabase>;
  warnings: Warning[];
  /** Address of the administrator, password included. */
  url: string;
  /** Runs it as administrator, past the guard. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A database of its own, on a server of its own where none is given. */
export async function openShop(): Promise<Shop> {
  const server = await startPostgres();
  const suffix = randomBytes(6).toString('hex');
  const [database, role] = [`shop_${suffix}`, `reader_${suffix}`];
  const root = await connected(server.url);
  await root.query(`CREATE DATABASE ${database}`);
  const address = new URL(server.url);
  address.pathname = `/${database}`;
  const administrator = await connected(address.href);
  await administrator.query(tables + grants(role));
  address.searchParams.set('schema', 'shop');
  const warnings: Warning[] = [];
  const log = warningsTo(warnings);
  const databases = {
    reader: new PostgresDatabase(sourceOf(asLogin(address.href, role, readerPassword)), log),
    administrator: new PostgresDatabase(sourceOf(address.href), log),
  };
  return {
    databases,
    warnings,
    url: address.href,
    sql: async (text) => (await administrator.query<Record<string, unknown>>(text)).rows,
    close: async () => {
      await Promise.all(Object.values(databases).map((each) => each.close()));
      await administrator.end();
      await root.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await root.query(`DROP ROLE ${role}`);
      await root.end();
      await server.close();
    },
  };
}

export async function ask(
  database: PostgresDatabase,
  sql: string,
  more: Partial<GuardedQuery> = {},
): Promise<QueryResult> {
  const limits = { maxRows: 100, timeoutMs: 5_000, signal: new AbortController().signal };
  return await database.query({ sql, parameters: {}, access, ...limits, ...more });
}

/** The source as the gateway's configuration has it: the password apart. */
export function sourceOf(address: string): { id: string; type: 'postgres'; url: string; password: string } {
  const url = new URL(address);
  const password = decodeURIComponent(url.password);
  url.password = '';
  return { id: 'shop', type: 'postgres', url: url.href, password };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
