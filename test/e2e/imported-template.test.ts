import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { rest, type RestAnswer } from '../support/rest.ts';

const cards = join(import.meta.dirname, '..', '..', 'agent-cards');
const copied = ['data/sources.yaml', 'data/shop.sql', 'templates/sql-analyst.yaml'];

let folder: string;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-template-'));
  const toolsFile = join(folder, 'tools.yaml');
  await writeFile(toolsFile, 'import_template:\n');
  const samples = copied.map((path) => [path, readFileSync(join(cards, path), 'utf8')] as const);
  const files = { 'talker.yaml': agentFile('talker'), ...Object.fromEntries(samples) };
  gateway = await startGateway({ files, env: { TOOLS_FILE: toolsFile } });
  const imported = await execute('import_template', { template: 'sql-analyst', id: 'analyst' });
  expect(imported).toMatchObject({ success: true });
});

afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

async function execute(tool: string, body: object): Promise<RestAnswer['body']> {
  return (await rest(gateway.url, `/tools/${tool}/execute`, { body })).body;
}

test('the SQL analyst, imported as it is, counts in the sample shop', async () => {
  const sql = `select c.city, count(*) as orders from customers c join orders o on o.customer_id = c.id
    group by c.city order by c.city`;
  expect(await execute('analyst.query_shop', { sql })).toEqual({
    tool: 'analyst.query_shop',
    result: '| city | orders |\n| --- | --- |\n| London | 2 |\n| Totnes | 2 |',
    success: true,
  });
});

test.each(['customers.name', 'customers.credit_card', 'orders.internal_note', 'products.purchase_price'])(
  'and does not see %s',
  async (column) => {
    const [table = '', name = ''] = column.split('.');
    const answer = await execute('analyst.query_shop', { sql: `select ${name} from ${table}` });
    expect(answer).toMatchObject({ success: false, result: expect.stringContaining(name) });
  },
);
