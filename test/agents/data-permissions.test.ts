import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadAgentFile } from '../../src/agents/load.ts';
import { AgentFolder, agentYaml, variable } from './agent-folder.ts';

let folder: AgentFolder;
beforeAll(async () => {
  folder = await AgentFolder.create();
});
afterAll(async () => await folder.remove());

const sql = (fields: object = {}) => ({ name: 'ask', type: 'sql', source: 'shop', ...fields });
const permitted = { shop: { tables: { orders: {} } } };

async function load(execution: Record<string, unknown>) {
  const path = await folder.write('desk.yaml', agentYaml('desk', execution));
  return await loadAgentFile(path, { dataSources: new Set(['shop', 'crm']) });
}

test('a tool over a data source, with what it may read', async () => {
  const tables = {
    orders: { rowFilter: { customer_id: { context: 'customer' } } },
    customers: { deny: ['ssn'] },
  };
  const loaded = await load({
    contextVariables: [variable({})],
    tools: [sql(), sql({ name: 'saved', query: 'select :id', parameters: { type: 'object' } })],
    dataPermissions: { shop: { tables } },
    limits: { queryTimeoutSeconds: 2 },
  });
  expect(loaded).toMatchObject({
    definition: {
      execution: {
        tools: [
          { type: 'sql', source: 'shop', allowSamples: false, maxRows: 100, sideEffects: false },
          { query: 'select :id', parameters: { type: 'object' } },
        ],
        dataPermissions: { shop: { tables } },
        limits: { queryTimeoutSeconds: 2 },
      },
    },
  });
});

test.each<[string, Record<string, unknown>, string, RegExp]>([
  [
    'a missing source of a tool',
    { tools: [sql({ source: 'shopp' })], dataPermissions: permitted },
    'execution.tools[0].source',
    /^invalid_data_source: "shopp" is not in DATA_SOURCES_FILE; there are: shop, crm$/,
  ],
  [
    'a missing source of permissions',
    { dataPermissions: { nope: { tables: {} } } },
    'execution.dataPermissions.nope',
    /^invalid_data_source/,
  ],
  [
    'a source without permissions',
    { tools: [sql({ source: 'crm' })], dataPermissions: permitted },
    'execution.tools[0].source',
    /no entry in execution\.dataPermissions/,
  ],
  [
    'a filter over an undeclared variable',
    { dataPermissions: { shop: { tables: { orders: { rowFilter: { id: { context: 'nobody' } } } } } } },
    'execution.dataPermissions.shop.tables.orders.rowFilter.id.context',
    /"nobody" is not a declared context variable/,
  ],
  [
    'a misspelt rule',
    { dataPermissions: { shop: { tables: { orders: { denied: ['ssn'] } } } } },
    'execution.dataPermissions.shop.tables.orders.denied',
    /not a field/,
  ],
  [
    'parameters without a query',
    { tools: [sql({ parameters: { type: 'object' } })], dataPermissions: permitted },
    'execution.tools[0].parameters',
    /only allowed with a saved query/,
  ],
  [
    'parameters that are no schema',
    {
      tools: [sql({ query: 'select 1', parameters: { type: 'object', required: 1 } })],
      dataPermissions: permitted,
    },
    'execution.tools[0].parameters',
    /does not compile/,
  ],
])('%s is reported', async (_what, execution, path, reason) => {
  const loaded = await load(execution);
  const problems = 'problems' in loaded ? loaded.problems : [];
  expect(problems.map((problem) => problem.path)).toContain(path);
  expect(problems.find((problem) => problem.path === path)?.reason).toMatch(reason);
});
