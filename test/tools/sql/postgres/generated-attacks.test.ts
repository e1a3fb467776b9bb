import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assert as assertProperty, asyncProperty } from 'fast-check';
import { ToolError } from '../../../../src/tools/tool.ts';
import { describeWithPostgres } from '../../../support/postgres.ts';
import { generatedStatement } from './generated-statements.ts';
import { ask, canary, openShop, type Shop } from './shop.ts';

/** The permitted columns and rows as tables of their own: where nothing else is, nothing else can be read. */
const permittedProjection = `
  CREATE SCHEMA permitted;
  CREATE TABLE permitted.customers AS SELECT id, name, country FROM shop.customers;
  CREATE TABLE permitted.orders AS SELECT * FROM shop.orders WHERE customer_id = 1;
  CREATE TABLE permitted.products AS SELECT * FROM shop.products;
  SET search_path = '';
`;

/** Queries and no tables, because a row of a table keeps the table's names where its columns are renamed. */
const overProjection = `
  WITH customers AS (TABLE permitted.customers), orders AS (TABLE permitted.orders),
       products AS (TABLE permitted.products)
`;

const limits = { maxRows: 1000 };

describeWithPostgres('generated statements against the guard of a PostgreSQL', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
    await shop.sql(permittedProjection);
  });
  afterAll(() => shop.close());

  /** The rows in an order of their own; undefined: it is no statement over what is permitted. */
  const permittedRows = async (sql: string): Promise<string[] | undefined> => {
    try {
      return (await shop.sql(overProjection + sql)).map(({ row }) => String(row)).sort();
    } catch {
      return undefined;
    }
  };

  test.each(['reader', 'administrator'] as const)(
    'give what is permitted or nothing, with the login %s',
    async (login) => {
      const outcomes = { answered: 0, refused: 0 };
      await assertProperty(
        asyncProperty(generatedStatement, async (sql) => {
          const outcome = await ask(shop.databases[login], sql, limits).catch((error: Error) => error);
          if (outcome instanceof Error) {
            outcomes.refused += 1;
            expect(outcome).toBeInstanceOf(ToolError);
            expect(outcome.message).not.toMatch(canary);
            return;
          }
          outcomes.answered += 1;
          expect(JSON.stringify(outcome.rows)).not.toMatch(canary);
          const asText = `SELECT q::text AS row FROM (\n${sql.replace(/;$/, '')}\n) AS q`;
          const { rows } = await ask(shop.databases[login], asText, limits);
          expect(rows.map(([row]) => String(row)).sort()).toEqual(await permittedRows(asText));
        }),
        { numRuns: 300, seed: 4 },
      );
      // Neither everything refused nor everything harmless.
      expect(outcomes.answered).toBeGreaterThan(50);
      expect(outcomes.refused).toBeGreaterThan(50);
    },
    60_000,
  );
});
