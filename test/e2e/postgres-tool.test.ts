import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithPostgres } from '../support/postgres.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { openShop, sourceOf, type Shop } from '../tools/sql/postgres/shop.ts';

const hostile = [
  'select ssn from customers',
  'select (c).email from customers c',
  'select * from salaries',
  'select * from shop.salaries',
  "select query_to_xml('select * from shop.salaries', true, true, '')",
  'select * from v_rows',
  'select * from pg_catalog.pg_authid',
  'select 1; drop table shop.customers',
];
const harmless = ['select * from customers', 'select to_jsonb(o) from orders o', 'table products'];

const desk = agentFile('desk', {
  contextVariables: [{ name: 'customer', schema: { type: 'integer' }, required: true }],
  tools: [
    { name: 'ask_shop', type: 'sql', source: 'shop', allowSamples: true },
    {
      name: 'orders_by_status',
      type: 'sql',
      source: 'shop',
      query: 'select id, amount from orders where :status is null or status = :status order by id',
      parameters: { type: 'object', properties: { status: { type: 'string' } } },
    },
  ],
  dataPermissions: {
    shop: {
      tables: {
        customers: { deny: ['ssn', 'email'] },
        orders: { rowFilter: { customer_id: { context: 'customer' } } },
        products: {},
        v_rows: {},
      },
    },
  },
});

describeWithPostgres('an agent over a PostgreSQL, its login may read everything', () => {
  let shop: Shop;
  let model: ModelServer;
  let gateway: TestGateway;

  beforeAll(async () => {
    shop = await openShop();
    model = await startModelServer(reply);
    const { password, url, ...source } = sourceOf(shop.url);
    const sources = [{ ...source, url, credentials: { env: 'SHOP_PASSWORD' } }];
    gateway = await startGateway({
      files: { 'desk.yaml': desk, 'data/sources.yaml': sources },
      env: { ...modelEnv(model.baseUrl), SHOP_PASSWORD: password },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([model.close(), shop.close()]);
  });

  /** The model does what the user says: `tool {arguments}`. */
  function reply({ body }: RecordedRequest): Reply {
    const last = body.messages.at(-1);
    if (last?.role === 'tool') return text(`It says: ${last.content}`);
    const [, name = '', args = ''] = /^(\S+) (.*)$/s.exec(last?.content ?? '') ?? [];
    return toolCalls([{ name, arguments: args }]);
  }

  async function answer(words: string): Promise<{ answer: string; probe: object }> {
    const response = await fetch(
      `${gateway.url}/api/v1/agents/desk/answer?userText=${encodeURIComponent(words)}`,
      {
        method: 'POST',
        headers: { Authorization: `SSWS ${adminKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ contextValues: { customer: 1 } }),
      },
    );
    expect(response.status).toBe(200);
    return (await response.json()) as { answer: string; probe: object };
  }

  test('answers by a saved query, whose filter is the context value', async () => {
    const all = await answer('orders_by_status {}');
    expect(all.answer).toContain('| 1 | 10.00 |\n| 2 | 20.50 |\n| 3 | 5.00 |');
    const paid = await answer('orders_by_status {"status":"paid"}');
    expect(paid.answer).toContain('| 2 | 20.50 |\n| 3 | 5.00 |');
    expect(paid.answer).not.toContain('10.00');
    expect(JSON.stringify(paid.probe)).toContain('"summary":"2 rows"');
  });

  test('shows a model the permitted schema only', async () => {
    await answer('ask_shop {"sql":"select 1"}');
    const tool = model.requests.at(-1)?.body.tools?.find((each) => each.function.name === 'ask_shop');
    expect(tool?.function.description).toContain('PostgreSQL SELECT');
    expect(tool?.function.description).toContain('country text -- e.g. FR, DE');
    expect(tool?.function.description).not.toMatch(/ssn|email|salaries|v_rows|everything/);
  });

  test('leaks nothing to a model that is told to, nor anywhere else', async () => {
    const seen: string[] = [];
    for (const sql of [...hostile, ...harmless]) {
      const words = `ask_shop ${JSON.stringify({ sql })}`;
      seen.push(JSON.stringify(await answer(words)));
      const stream = await post(gateway.url, 'desk', rpc('SendStreamingMessage', v1Text(words)), {
        headers: { 'A2A-Version': '1.0' },
      });
      seen.push(await stream.text());
    }
    const everything = [...seen, JSON.stringify(model.requests.map(({ body }) => body)), gateway.logged()];
    expect(everything.join('\n')).not.toMatch(/CANARY|99000\d/);
    expect(seen.join('\n')).toContain('The column customers.ssn is not permitted');
    expect(seen.join('\n')).toContain('name 5');
  });

  test('tells the operator that the login may read more, without its password', async () => {
    expect(gateway.logged()).toContain('The login of the data source shop may read more');
    expect(gateway.logged()).not.toContain(new URL(shop.url).password);
  });
});
