import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assert, asyncProperty } from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { ToolError } from '../../../../src/tools/tool.ts';
import { hostileStatement } from './hostile-statements.ts';
import { canary, hiddenAmount, ShopDatabase } from './shop-database.ts';

let shop: ShopDatabase;
/** A database that holds the permitted projection and nothing else: what a statement may see at most. */
let projection: DatabaseSync;
beforeAll(() => {
  shop = new ShopDatabase();
  projection = new DatabaseSync(':memory:');
  projection.exec(`
    CREATE TEMP TABLE customers (id TEXT, name TEXT, city TEXT);
    CREATE TEMP TABLE orders (id INTEGER, customer_id TEXT, status TEXT, total REAL);
    CREATE TEMP TABLE "odd ""name" ("sp ace" TEXT);
    CREATE TEMP TABLE v_names (name TEXT);
    -- Listed, but over what is closed: of these nothing can be seen.
    CREATE TEMP TABLE v_customers (id, name, ssn);
    CREATE TEMP TABLE v_orders (id, status);
    CREATE TEMP TABLE v_salaries (employee, amount);
    CREATE TEMP TABLE v_count (n);
    INSERT INTO customers VALUES ('C-7', 'Ada', 'Berlin'), ('C-9', 'Bob', 'Paris');
    INSERT INTO orders VALUES (1, 'C-7', 'shipped', 10), (2, 'C-7', 'open', 20);
    INSERT INTO "odd ""name" VALUES ('fine');
    INSERT INTO v_names VALUES ('Ada'), ('Bob');`);
});
afterAll(async () => {
  projection.close();
  await shop.close();
});

/** The statement's rows over the projection, in no order; undefined: there it does not even compile. */
function overProjection(sql: string): string[] | undefined {
  try {
    const statement = projection.prepare(sql);
    statement.setReturnArrays(true);
    return statement
      .all()
      .map((row) => JSON.stringify(row))
      .sort();
  } catch {
    return undefined;
  }
}

const runs = 600;

test(`${runs} generated statements see the permitted projection and nothing else`, async () => {
  let answered = 0;
  await assert(
    asyncProperty(hostileStatement, async (sql) => {
      let seen: string;
      try {
        // What is in the statement itself is not a leak.
        const result = await shop.query(sql, { maxRows: 10_000 });
        const rows = result.rows.map((row) => JSON.stringify(row)).sort();
        expect(rows).toEqual(overProjection(sql));
        answered += 1;
        seen = JSON.stringify(result);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        seen = error.message;
      }
      const own = sql.includes(canary) || sql.includes(String(hiddenAmount));
      if (!own) expect(seen).not.toMatch(new RegExp(`${canary}|${hiddenAmount}`));
      expect(seen).not.toMatch(/b[0-9a-f]{32}/);
    }),
    {
      numRuns: runs,
      seed: 4,
      interruptAfterTimeLimit: 60_000,
      markInterruptAsFailure: true,
    },
  );
  // Enough of them are valid, or nothing would have been tried.
  expect(answered).toBeGreaterThan(runs / 3);
}, 90_000);
