import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { rest, type RestAnswer, type RestRequest } from '../support/rest.ts';
import { startService, type Service, type ServiceRequest } from '../support/service.ts';
import { storeKeys } from '../support/stored-keys.ts';
import { until } from '../support/wait.ts';

const secret = 'canary-7f3d-token/+';

let shop: Service;
let held: PromiseWithResolvers<void>;
let dataDir: string;
let keys: Record<'ann' | 'bob', string>;
let gateway: TestGateway;

beforeAll(async () => {
  held = Promise.withResolvers();
  shop = await startService(async (request) => {
    if (request.path === '/orders/slow') await held.promise;
    return answer(request);
  });
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-tools-'));
  keys = await storeKeys(dataDir, { ann: {}, bob: { user: { assignedAgents: ['vault'] } } });
  const tools = [orderTool(shop.url)];
  gateway = await startGateway({
    files: {
      'desk.yaml': agentFile('desk', { contextVariables, tools: [...tools, ...otherTools(shop.url)] }),
      'open.yaml': agentFile('open', { access: 'public', tools: [docsTool] }),
      'vault.yaml': agentFile('vault', { access: 'assigned', tools: [docsTool] }),
      'talker.yaml': agentFile('talker'),
      'docs/returns.md': '# Returns\n\nA mug may be returned within 30 days.\n',
    },
    dataDir,
  });
});

afterAll(async () => {
  held.resolve();
  await gateway.stop();
  await shop.close();
  await rm(dataDir, { recursive: true });
});

const contextVariables = [
  { name: 'customer', schema: { type: 'string', maxLength: 8 }, required: true },
  { name: 'shop_token', schema: { type: 'string' }, secret: true },
];

const docsTool = { name: 'docs', type: 'knowledge', source: './docs' };

function orderTool(url: string): object {
  return {
    name: 'order',
    description: 'Looks an order up.',
    type: 'http',
    method: 'GET',
    url: `${url}/orders/{number}`,
    parameters: {
      type: 'object',
      properties: { number: { type: 'string', maxLength: 8 } },
      required: ['number'],
      additionalProperties: false,
    },
    headers: {
      Authorization: { context: 'shop_token', prefix: 'Bearer ' },
      'X-Customer': { context: 'customer' },
    },
    agentic: true,
  };
}

function otherTools(url: string): object[] {
  return [
    docsTool,
    { name: 'refund', type: 'http', method: 'POST', url: `${url}/refunds`, approval: 'required' },
    { name: 'hang', type: 'http', method: 'GET', url: `${url}/orders/slow`, timeoutSeconds: 0.2 },
    { name: 'wait', type: 'http', method: 'GET', url: `${url}/orders/slow` },
  ];
}

/** The shop gives back the credentials it was sent, as a bad service might. */
function answer({ path, headers }: ServiceRequest): { status?: number; body: object | string } {
  if (path === '/orders/gone') return { status: 404, body: { error: `none for ${headers.authorization}` } };
  if (path === '/orders/text') return { body: 'Shipped.' };
  return { body: { path, customer: headers['x-customer'], sent: headers.authorization } };
}

const values = { customer: 'C-7', shop_token: secret };

async function execute(
  name: string,
  body: RestRequest['body'] = {},
  request: RestRequest & { values?: object } = {},
): Promise<RestAnswer> {
  const { values: given, headers, ...rest_ } = request;
  return await rest(gateway.url, `/tools/${name}/execute`, {
    body,
    ...rest_,
    headers: { ...(given && { 'X-Context-Values': JSON.stringify(given) }), ...headers },
  });
}

describe('GET /api/v1/tools', () => {
  async function names(key: string | null): Promise<string[] | undefined> {
    return (await rest(gateway.url, '/tools', { key })).body.tools?.map(({ name }) => name);
  }

  test('lists what the caller may execute, and no more', async () => {
    const desk = ['desk.order', 'desk.docs', 'desk.refund', 'desk.hang', 'desk.wait'];
    expect(await names(keys.ann)).toEqual([...desk, 'open.docs']);
    expect(await names(keys.bob)).toEqual([...desk, 'open.docs', 'vault.docs']);
    expect((await rest(gateway.url, '/tools', { key: null })).status).toBe(401);
  });

  test('says what each takes', async () => {
    const { body } = await rest(gateway.url, '/tools', { key: keys.ann });
    expect(body.count).toBe(6);
    expect(body).not.toHaveProperty('unavailable');
    expect(body.tools?.[0]).toEqual({
      name: 'desk.order',
      description: 'Looks an order up.',
      parameters: expect.objectContaining({ type: 'object', required: ['number'] }),
      agentic: true,
    });
    expect(body.tools?.[1]).toMatchObject({ name: 'desk.docs', agentic: false });
  });
});

describe('POST /api/v1/tools/{name}/execute', () => {
  test('executes an agent’s tool with context values, and masks the secret ones', async () => {
    const { status, body } = await execute('desk.order', { number: '42' }, { key: keys.ann, values });
    expect(status).toBe(200);
    expect(body).toEqual({
      tool: 'desk.order',
      result: { path: '/orders/42', customer: 'C-7', sent: expect.not.stringContaining('canary') },
      success: true,
    });
    expect(shop.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  test('gives text as text', async () => {
    expect((await execute('desk.order', { number: 'text' }, { values })).body.result).toBe('Shipped.');
    const { body } = await execute('open.docs', { query: 'mug' }, { key: null });
    expect(body.result).toMatch(/^\[1\] docs\/returns\.md/);
  });

  test('a tool that ran and failed is an answer, without the secret', async () => {
    const { status, body } = await execute('desk.order', { number: 'gone' }, { values });
    expect({ status, success: body.success }).toEqual({ status: 200, success: false });
    expect(body.result).toMatch(/^The service answered 404: /);
    expect(JSON.stringify(body)).not.toContain('canary');
  });

  test('a tool that does not answer in time has failed', async () => {
    const { status, body } = await execute('desk.hang', {}, { values });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { success: false, result: 'The tool did not answer within 0.2 s.' },
    });
  });

  test('a caller that leaves ends the call', async () => {
    const caller = new AbortController();
    const before = shop.requests.length;
    const left = execute('desk.wait', {}, { key: keys.bob, values, signal: caller.signal });
    await until(() => shop.requests.length > before, { what: 'the call to reach the shop' });
    caller.abort();
    await expect(left).rejects.toThrow();
    const canceled = /"tool":"desk\.wait".*"outcome":"canceled"|"outcome":"canceled".*"tool":"desk\.wait"/;
    await until(() => canceled.test(gateway.logged()), { what: 'the call to end' });
  });

  test('each execution is logged, with neither arguments nor results', async () => {
    await execute('desk.order', { number: 'A-4711' }, { key: keys.ann, values });
    const lines = gateway.logged().split('\n');
    const entry = JSON.parse(lines.findLast((line) => line.includes('tool executed')) ?? '') as object;
    expect(entry).toMatchObject({ tool: 'desk.order', user: 'ann', outcome: 'succeeded' });
    expect(gateway.logged()).not.toMatch(/A-4711|canary/);
  });
});

describe('is refused', () => {
  test.each([
    ['a missing argument', {}, { number: 'is required' }],
    ['an argument of another type', { number: 42 }, { number: 'must be string' }],
    ['an unknown argument', { number: '1', extra: true }, { extra: 'is not a known parameter' }],
  ])('%s: 400 that names it', async (_what, args, fields) => {
    const before = shop.requests.length;
    expect(await execute('desk.order', args, { values })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', details: { fields } } },
    });
    expect(shop.requests.length).toBe(before);
  });

  test.each([
    ['absent', undefined, { customer: 'is required' }],
    ['unknown', { ...values, other: 1 }, { other: expect.any(String) }],
    ['ill-typed', { ...values, shop_token: [secret] }, { shop_token: expect.any(String) }],
  ])('context values that are %s: 400 that names them', async (_what, given, fields) => {
    const { status, body } = await execute('desk.order', { number: '1' }, given ? { values: given } : {});
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { details: { fields } } } });
    expect(JSON.stringify(body)).not.toContain('canary');
  });

  test('a tool whose calls need an approval: 409', async () => {
    expect(await execute('desk.refund', {}, { values })).toMatchObject({
      status: 409,
      body: { error: { code: 'approval_required', details: { tool: 'desk.refund' } } },
    });
  });

  test.each(['vault.docs', 'nothing.docs', 'desk.nothing', 'desk.', '.docs', 'nothing', 'talker.docs'])(
    '%s, which is not there or not to be seen: 404 in the same words',
    async (name) => {
      const { status, body } = await execute(name, { query: 'x' }, { key: keys.ann, values });
      expect({ status, body }).toEqual({
        status: 404,
        body: {
          error: { code: 'not_found', message: expect.stringMatching(/^There is no such tool/), details: {} },
        },
      });
    },
  );

  test('an assigned agent’s tool is there for whom it is assigned to', async () => {
    expect((await execute('vault.docs', { query: 'mug' }, { key: keys.bob })).status).toBe(200);
  });

  test('callers without credentials: 401, but for public agents', async () => {
    expect((await execute('desk.docs', { query: 'mug' }, { key: null, values })).status).toBe(401);
    expect((await execute('open.docs', { query: 'mug' }, { key: null })).status).toBe(200);
  });
});
