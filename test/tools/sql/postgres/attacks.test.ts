import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ToolError } from '../../../../src/tools/tool.ts';
import { describeWithPostgres } from '../../../support/postgres.ts';
import { attacks } from './attacks.ts';
import { fieldNotation } from './field-notation.ts';
import { forbiddenStatements } from './forbidden-statements.ts';
import { ask, canary, openShop, type Shop } from './shop.ts';

const list = Object.entries({ ...attacks, ...fieldNotation, ...forbiddenStatements });

describeWithPostgres('the guard of a PostgreSQL against the attack list', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  describe.each(['reader', 'administrator'] as const)('with the login %s', (login) => {
    test.each(list)('%s', async (_line, statements) => {
      for (const { sql, refused } of statements) {
        const outcome = await ask(shop.databases[login], sql).catch((error: unknown) => error as Error);
        const said = outcome instanceof Error ? outcome.message : JSON.stringify(outcome.rows);
        expect({ sql, said, leaks: canary.test(said) }).toEqual({ sql, said, leaks: false });
        const expected = refused
          ? expect.any(ToolError)
          : expect.objectContaining({ rows: expect.anything() });
        expect({ sql, outcome }).toEqual({ sql, outcome: expected });
        if (refused) expect({ sql, said }).toEqual({ sql, said: expect.stringMatching(refused) });
      }
    });
  });

  test('nothing was changed by them', async () => {
    const [counts] = await shop.sql(
      "select (select count(*)::int from shop.customers) as customers, to_regclass('stolen') as stolen",
    );
    expect(counts).toEqual({ customers: 5, stolen: null });
  });
});
