import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ChildPool } from '../../../../src/tools/sql/sqlite/child-pool.ts';
import { resolveAccess } from '../../../../src/tools/sql/permissions.ts';
import { ToolError } from '../../../../src/tools/tool.ts';
import { ShopDatabase, shopPermissions } from './shop-database.ts';

const bomb =
  'with recursive bomb(n) as (select 1 union all select n + 1 from bomb) select count(*) from bomb';
const hungry = `with recursive big(t) as (select 'x' union all select t || t from big) select max(length(t)) from big`;

let shop: ShopDatabase;
beforeAll(() => {
  shop = new ShopDatabase();
});
afterAll(async () => await shop.close());

describe('a statement that does not end', () => {
  test('is stopped by the time limit, and the next one is answered', async () => {
    const started = performance.now();
    const stopped = shop.query(bomb, { timeoutMs: 700 });
    await expect(stopped).rejects.toThrow('The statement was stopped: it ran longer than 0.7 s.');
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await shop.query('select 1')).toMatchObject({ rows: [[1]] });
  });

  test('is stopped when its run is canceled', async () => {
    const controller = new AbortController();
    const running = shop.query(bomb, { signal: controller.signal });
    controller.abort(new Error('canceled'));
    await expect(running).rejects.toThrow('canceled');
    expect(await shop.query('select 1')).toMatchObject({ rows: [[1]] });
  });

  test('does not hold up others, not even when as many run as there are processes', async () => {
    const bombs = [1, 2].map(async () => await shop.query(bomb, { timeoutMs: 600 }));
    const others = [1, 2, 3].map(async () => await shop.query('select 1'));
    expect(await Promise.allSettled(bombs)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(await Promise.all(others)).toMatchObject([{}, {}, {}]);
  });
});

test('a statement that takes too much memory is stopped', async () => {
  await expect(shop.query(hungry)).rejects.toThrow(ToolError);
  expect(await shop.query('select 1')).toMatchObject({ rows: [[1]] });
});

test('rows beyond the cap are not read, and long values are cut', async () => {
  const count = 'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n';
  expect(await shop.query(count, { maxRows: 3 })).toMatchObject({ rows: [[1], [2], [3]], truncated: true });
  const long = await shop.query(`select replace(hex('${'x'.repeat(3000)}'), '7', 'yy') as long`);
  expect(String(long.rows[0]?.[0])).toHaveLength(4001);
  const many = await shop.query(
    `with recursive n(i) as (select 1 union all select i + 1 from n) select i, '${'x'.repeat(3000)}' from n`,
    { maxRows: 1000 },
  );
  expect(many.truncated).toBe(true);
  expect(many.rows.length).toBeLessThan(100);
});

describe('the child processes', () => {
  const job = (sql: string) => ({
    kind: 'query' as const,
    file: shop.file,
    access: resolveAccess(shopPermissions, { customer: 'C-7' }),
    sql,
    parameters: {},
    maxRows: 10,
  });
  const limits = (signal = new AbortController().signal) => ({ timeoutMs: 10_000, signal });

  test('are used again', async () => {
    const pool = new ChildPool({ size: 1, maxWaiting: 100 });
    try {
      const jobs = Array.from({ length: 30 }, async () => await pool.run<'query'>(job('select 1'), limits()));
      expect(await Promise.all(jobs)).toHaveLength(30);
      expect(pool.started).toBe(1);
    } finally {
      await pool.close();
    }
  });

  test('have a queue with an end, which whoever is canceled leaves', async () => {
    const pool = new ChildPool({ size: 1, maxWaiting: 1 });
    try {
      const controller = new AbortController();
      const first = pool.run<'query'>(job('select 1'), limits());
      const second = pool.run<'query'>(job('select 2'), limits(controller.signal));
      await expect(pool.run<'query'>(job('select 3'), limits())).rejects.toThrow(/Too many statements wait/);
      controller.abort(new Error('canceled'));
      await expect(second).rejects.toThrow('canceled');
      expect(await first).toMatchObject({ rows: [[1]] });
      expect(await pool.run<'query'>(job('select 4'), limits())).toMatchObject({ rows: [[4]] });
    } finally {
      await pool.close();
    }
  });

  test('end with the gateway, and take nothing more', async () => {
    const pool = new ChildPool({ size: 1, maxWaiting: 1 });
    const running = pool.run<'query'>(job(bomb), limits());
    const waiting = pool.run<'query'>(job('select 1'), limits());
    const settled = Promise.allSettled([running, waiting]);
    await pool.close();
    expect(await settled).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await expect(pool.run<'query'>(job('select 1'), limits())).rejects.toThrow(/stopping/);
  });
});
