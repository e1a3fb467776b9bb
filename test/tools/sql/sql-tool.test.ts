import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SqlToolDefinition } from '../../../src/agents/tool-types/sql.ts';
import { createSqlSource } from '../../../src/tools/sql/sql-tool.ts';
import type { Tool, ToolResult } from '../../../src/tools/tool.ts';
import { canary, ShopDatabase, shopPermissions } from './sqlite/shop-database.ts';

let shop: ShopDatabase;
beforeAll(() => {
  shop = new ShopDatabase();
});
afterAll(async () => await shop.close());

async function toolOf(definition: Partial<SqlToolDefinition> = {}): Promise<Tool> {
  const source = createSqlSource(
    { name: 'ask', type: 'sql', source: 'shop', allowSamples: false, maxRows: 2, ...definition },
    {
      databases: { get: (id) => (id === 'shop' ? shop.database : undefined) },
      dataPermissions: { shop: shopPermissions },
      queryTimeoutSeconds: 10,
    },
  );
  const [tool] = await source.tools(new AbortController().signal);
  if (!tool) throw new Error('the source has no tool');
  return tool;
}

async function call(tool: Tool, args: object, context: object = { customer: 'C-7' }): Promise<ToolResult> {
  return await tool.execute({
    arguments: { ...args },
    context: { ...context },
    signal: new AbortController().signal,
    caller: { userId: 'user', depth: 0 },
  });
}

describe('SQL by the model', () => {
  test('the model is told the permitted part of the schema and nothing else', async () => {
    const { description, parameters } = await toolOf({ description: 'Asks the shop.' });
    expect(description).toMatch(/^Asks the shop\.\nTakes one SQLite SELECT statement/);
    expect(description).toContain('table customers\n  id TEXT\n  name TEXT -- as on letters\n  city TEXT\n');
    expect(description).not.toMatch(/email|margin|table salaries|CANARY|Berlin/);
    expect(parameters).toMatchObject({ required: ['sql'], additionalProperties: false });
  });

  test('values are shown where that is allowed, but none of filtered rows or closed columns', async () => {
    const { description } = await toolOf({ allowSamples: true });
    expect(description).toContain('city TEXT -- e.g. Berlin, Paris');
    expect(description).not.toMatch(/shipped|CANARY/);
  });

  test('the result is a table; what was done stands in the detail', async () => {
    const result = await call(await toolOf(), { sql: 'select id, name from customers order by id' });
    expect(result).toMatchObject({
      text: '| id | name |\n| --- | --- |\n| C-7 | Ada |\n| C-9 | Bob |',
      summary: '2 rows',
      detail: {
        sql_generated: 'select id, name from customers order by id',
        tables_accessed: ['customers'],
        columns_accessed: ['customers.id', 'customers.name'],
        rows: 2,
        execution_time: expect.any(Number),
      },
    });
    expect(result.detail?.['execution_time']).toBeLessThan(10);
  });

  test('what is missing is said, and values cannot draw the table anew', async () => {
    const tool = await toolOf();
    const many = await call(tool, {
      sql: `select 'a|b' || char(10) || '| c' as x union all select 2 union all select 3`,
    });
    expect(many.text).toBe(
      '| x |\n| --- |\n| a\\|b \\| c |\n| 2 |\n\n(only the first 2 rows: there are more)',
    );
    expect(many.summary).toBe('the first 2 rows');
    expect((await call(tool, { sql: 'select 1 where 0' })).text).toBe('No rows.');
  });

  test('after a second failure no further statement is executed in that run', async () => {
    const tool = await toolOf();
    await expect(call(tool, { sql: 'select ssn from customers' })).rejects.toThrow(
      /not permitted, .* grouping\.$/,
    );
    await expect(call(tool, { sql: 'select nope' })).rejects.toThrow(
      /no such column: nope\. Two statements have failed/,
    );
    await expect(call(tool, { sql: 'select 1' })).rejects.toThrow(/^Not executed\. Two statements/);
    // The next run starts anew.
    expect((await call(await toolOf(), { sql: 'select 1 as one' })).text).toContain('| 1 |');
  });

  test('without the context value of a row filter nothing is read', async () => {
    await expect(call(await toolOf(), { sql: 'select 1' }, {})).rejects.toThrow(
      /orders.*context value customer/,
    );
  });
});

describe('a saved query', () => {
  const parameters = {
    type: 'object',
    properties: { status: { type: 'string' }, tags: { type: 'array' } },
    required: ['status'],
    additionalProperties: false,
  };

  test('gets its arguments bound, null where one is not given', async () => {
    const tool = await toolOf({ query: 'select :status as s, :tags as t', parameters });
    expect(tool).toMatchObject({ parameters, description: 'Asks shop with a saved query.' });
    expect(tool.validate({ state: 1 })).toEqual(['status is required', 'state is not a known parameter']);
    expect((await call(tool, { status: `x' or 1 --` })).text).toContain(`| x' or 1 -- |  |`);
    expect((await call(tool, { status: 'x', tags: ['a'] })).text).toContain('| x | ["a"] |');
  });

  test('has no more rights than the model', async () => {
    const tool = await toolOf({ query: 'select * from customers where ssn = :status', parameters });
    await expect(call(tool, { status: canary })).rejects.toThrow(/customers\.ssn is not permitted/);
    const filtered = await toolOf({ query: 'select id from orders' });
    expect((await call(filtered, {}, { customer: 'C-9' })).text).toBe('| id |\n| --- |\n| 3 |');
  });
});

test('a source that is not configured is refused', async () => {
  await expect(toolOf({ source: 'nowhere' })).rejects.toThrow('the data source nowhere is not configured');
});
