import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Connections } from '../../../../src/tools/sql/postgres/connections.ts';
import { PostgresDatabase } from '../../../../src/tools/sql/postgres/postgres-database.ts';
import { ToolError } from '../../../../src/tools/tool.ts';
import { asLogin, describeWithPostgres } from '../../../support/postgres.ts';
import { until } from '../../../support/wait.ts';
import { warningsTo, type Warning } from '../../../support/warnings.ts';
import { access, ask, canary, openShop, sourceOf, type Shop } from './shop.ts';

const bomb = 'with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r';

describeWithPostgres('a guarded PostgreSQL', () => {
  let shop: Shop;
  let reader: PostgresDatabase;
  let administrator: PostgresDatabase;

  beforeAll(async () => {
    shop = await openShop();
    ({ reader, administrator } = shop.databases);
  });
  afterAll(() => shop.close());

  const running = async (): Promise<number> => {
    const [row] = await shop.sql(
      "select count(*)::int as n from pg_stat_activity where application_name = 'a2a-gateway' and datname = current_database() and state <> 'idle'",
    );
    return Number(row?.['n']);
  };

  describe('what it answers', () => {
    test('the rows as PostgreSQL writes them, the tables and columns that were read', async () => {
      const sql = `select o.id, c.name, o.amount, o.status = 'paid' as paid, timestamp '2026-01-02 03:04:05' as at
        from orders o join customers c on c.id = o.customer_id where o.note is not null order by o.id`;
      await expect(ask(reader, sql)).resolves.toEqual({
        columns: ['id', 'name', 'amount', 'paid', 'at'],
        rows: [
          [1, 'name 1', '10.00', false, '2026-01-02 03:04:05'],
          [2, 'name 1', '20.50', true, '2026-01-02 03:04:05'],
        ],
        truncated: false,
        tablesAccessed: ['customers', 'orders'],
        columnsAccessed: [
          'customers.id',
          'customers.name',
          'orders.amount',
          'orders.customer_id',
          'orders.id',
          'orders.note',
          'orders.status',
        ],
        milliseconds: expect.any(Number),
      });
    });

    test('a star is the permitted columns', async () => {
      const { columns, columnsAccessed } = await ask(administrator, 'select * from customers');
      expect(columns).toEqual(['id', 'name', 'country']);
      expect(columnsAccessed).toEqual(['customers.country', 'customers.id', 'customers.name']);
    });

    test.each(['select c.to_jsonb from customers c', 'select (c).to_jsonb from customers c'])(
      'a permitted function behind a dot reads the whole row: %s',
      async (sql) => {
        const { rows, columnsAccessed } = await ask(administrator, sql);
        expect(rows[0]).toEqual(['{"id": 1, "name": "name 1", "country": "FR"}']);
        expect(columnsAccessed).toEqual(['customers.country', 'customers.id', 'customers.name']);
      },
    );

    test('a column that is called like a function is that column', async () => {
      const sql = 'select e.ts_stat, e.regclass, e.date, e.count, e.left, e.version from events e';
      const { rows, columnsAccessed } = await ask(administrator, sql);
      expect(rows).toEqual([['ts', 'r', '2026-01-02', 1, 'l', 'v']]);
      const names = ['count', 'date', 'left', 'regclass', 'ts_stat', 'version'];
      expect(columnsAccessed).toEqual(names.map((name) => `events.${name}`));
    });

    test('aggregates count the permitted rows only', async () => {
      const { rows } = await ask(administrator, 'select count(*)::int, sum(amount) from orders');
      expect(rows).toEqual([[3, '35.50']]);
    });

    test('the values of a saved query are bound, also where they are null', async () => {
      const sql = 'select id from orders where (:status is null or status = :status) order by id';
      const paid = await ask(reader, sql, { parameters: { status: 'paid' } });
      const all = await ask(reader, sql, { parameters: { status: null } });
      expect([paid.rows, all.rows]).toEqual([
        [[2], [3]],
        [[1], [2], [3]],
      ]);
      const hostile = "x' or true --";
      const none = await ask(reader, 'select id from products where title = :title', {
        parameters: { title: hostile },
      });
      expect(none.rows).toEqual([]);
    });

    test('the schema has the permitted columns, their types, comments and samples', async () => {
      const { signal } = new AbortController();
      const tables = await administrator.schema({ access, samples: true, signal });
      expect(tables.map(({ name }) => name)).toEqual([
        'customers',
        'orders',
        'products',
        'events',
        'Odd "Names"',
        'v_products',
      ]);
      expect(tables[0]?.columns).toEqual([
        { name: 'id', type: 'integer', samples: ['1', '2', '3'] },
        { name: 'name', type: 'text', samples: ['name 1', 'name 2', 'name 3'] },
        { name: 'country', type: 'text', samples: ['FR', 'DE'] },
      ]);
      expect(tables[1]).toMatchObject({ name: 'orders', comment: 'What was ordered' });
      expect(tables[1]?.columns.slice(2, 4)).toEqual([
        { name: 'amount', type: 'numeric(10,2)', comment: 'In euros' },
        { name: 'status', type: 'shop.status' },
      ]);
      expect(JSON.stringify(tables)).not.toMatch(canary);
    });
  });

  describe('what it does not carry', () => {
    test('rows beyond the cap', async () => {
      const ten = await ask(reader, 'select * from generate_series(1, 10000000)', { maxRows: 10 });
      expect([ten.rows.length, ten.truncated]).toEqual([10, true]);
      const all = await ask(reader, 'select * from generate_series(1, 10)', { maxRows: 10 });
      expect([all.rows.length, all.truncated]).toEqual([10, false]);
    });

    test('long values and a large result', async () => {
      const long = "(select string_agg('0123456789', '') from generate_series(1, 1000))";
      const cell = await ask(reader, `select ${long}`);
      expect(String(cell.rows[0]?.[0])).toHaveLength(4001);
      const many = await ask(reader, `select ${long} from generate_series(1, 100)`);
      expect(many.truncated).toBe(true);
      expect(JSON.stringify(many.rows).length).toBeLessThan(262_144);
    });

    test('a huge value is not read to its end, and the next query runs', async () => {
      const huge = "select string_agg('0123456789', '') from generate_series(1, 2000000)";
      await expect(ask(reader, huge)).rejects.toThrow(/The result is larger than 8 MB/);
      await expect(ask(reader, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
    });
  });

  describe('how it stops', () => {
    test('a recursive bomb at its time limit', async () => {
      const begin = performance.now();
      await expect(ask(reader, bomb, { timeoutMs: 300 })).rejects.toThrow(
        /^The query took longer than 0\.3 s and was stopped; ask for less\.$/,
      );
      expect(performance.now() - begin).toBeLessThan(5_000);
      await until(async () => (await running()) === 0, { what: 'the bomb to be gone' });
    });

    test('at once when it is aborted, in the database too', async () => {
      const controller = new AbortController();
      const asked = ask(reader, bomb, { timeoutMs: 60_000, signal: controller.signal });
      asked.catch(() => undefined);
      await until(async () => (await running()) === 1, { what: 'the query to run' });
      const reason = new Error('the caller left');
      controller.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await until(async () => (await running()) === 0, { what: 'the query to be canceled' });
      await expect(ask(reader, 'select 1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test('no more than five connections, however many ask', async () => {
      const asked = Array.from({ length: 40 }, (_, n) =>
        ask(reader, `select ${n} from generate_series(1, 1000)`),
      );
      const results = await Promise.all(asked);
      expect(results.map(({ rows }) => rows[0]?.[0])).toEqual(asked.map((_, n) => n));
      const [row] = await shop.sql(
        "select count(*)::int as n from pg_stat_activity where application_name = 'a2a-gateway' and datname = current_database() and usename like 'reader%'",
      );
      expect(row?.['n']).toBe(5);
    });
  });

  describe('the transaction', () => {
    let connections: Connections;

    beforeAll(() => {
      connections = new Connections(sourceOf(shop.url));
    });
    afterAll(() => connections.close());

    test.each([
      ["update shop.customers set name = 'x'", /read-only transaction/],
      ['select * from salaries', /relation "salaries" does not exist/],
      ["select set_config('transaction_read_only', 'off', true)", /must be set before any query/],
    ])('holds back even what was not checked: %s', async (sql, message) => {
      const request = { timeoutMs: 1_000, signal: new AbortController().signal };
      const work = connections.read(request, async (client) => {
        await client.query('select 1');
        await client.query(sql);
      });
      await expect(work).rejects.toThrow(message);
    });
  });

  describe('what it says', () => {
    test.each([
      [
        'select nope from customers',
        /column "nope" does not exist.*Permitted of customers: id, name, country/,
      ],
      ['select 1 / 0', /division by zero/],
      ['select name::int from customers', /^The statement failed: a value does not have the form/],
      ['select (select id from customers)', /several rows/],
      ['select sum(name) from customers', /function sum\(text\) does not exist/],
      ['selec 1', /cannot be parsed: syntax error at or near "selec"/],
    ])('%s', async (sql, message) => {
      const error = await ask(reader, sql).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ToolError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).not.toMatch(/name \d/);
    });

    test('a filter value that does not fit its column is an error and no row', async () => {
      const filtered = new Map([['orders', { deny: [], rows: new Map([['customer_id', 'secret-value']]) }]]);
      const asked = ask(reader, 'select * from orders', { access: filtered });
      await expect(asked).rejects.toThrow(
        /^The statement failed: a value does not have the form of the type[^"]*$/,
      );
    });

    test('permissions that name what is not there', async () => {
      const slip = new Map([['customers', { deny: ['snn'], rows: new Map() }]]);
      await expect(ask(reader, 'select id from customers', { access: slip })).rejects.toThrow(
        /customers\.snn, which does not exist/,
      );
    });

    test.each([
      ['nobody listens', 'postgres://someone:sesame-open@127.0.0.1:1/shop'],
      ['the password is wrong', ''],
    ])('nothing about host and login when %s', async (_why, address) => {
      const source = sourceOf(address || asLogin(shop.url, 'postgres', 'sesame-open'));
      const database = new PostgresDatabase(source, warningsTo([]));
      const error = await ask(database, 'select 1').catch((error: unknown) => error);
      await database.close();
      expect(error).toBeInstanceOf(ToolError);
      expect((error as Error).message).toBe('The data source shop does not answer; try again later.');
    });
  });

  test('a login that may read more is told of once, with the statements for one that may not', async () => {
    const warnings: Warning[] = [];
    const privileged = new PostgresDatabase(sourceOf(shop.url), warningsTo(warnings));
    await ask(privileged, 'select 1');
    await ask(privileged, 'select 1');
    await privileged.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      message: expect.stringMatching(/^The login of the data source shop may read more/),
      fields: {
        superuser: true,
        readable: expect.arrayContaining(['shop.customers.ssn', 'shop.salaries.id']),
      },
    });
    const grants = warnings[0]?.fields?.['grants'] as string[];
    expect(grants).toContain('GRANT SELECT ("id", "name", "country") ON "shop"."customers" TO agent_reader;');

    const role = `granted_${process.pid}`;
    await shop.sql(grants.join('\n').replaceAll('agent_reader', role).replace('…', role));
    const granted = new PostgresDatabase(sourceOf(asLogin(shop.url, role, role)), warningsTo(warnings));
    await expect(ask(granted, 'select name from customers limit 1')).resolves.toMatchObject({
      rows: [['name 1']],
    });
    await granted.close();
    await shop.sql(`drop owned by ${role}; drop role ${role}`);
    expect(warnings).toHaveLength(1);
  });
});
