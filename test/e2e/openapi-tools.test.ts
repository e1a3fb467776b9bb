import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RequestBody } from '../support/model-server.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import { expectWhole, readEvents, stepsOf, streamedText } from '../support/run-events.ts';
import { startService, type Service } from '../support/service.ts';
import { until } from '../support/wait.ts';

const secret = 'shop-key-4711-secret';
const v1 = { headers: { 'A2A-Version': '1.0' } };

let model: ModelServer;
let service: Service;
let gateway: TestGateway;
let replies: Reply[] = [];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  service = await startService(({ method, path, headers, body }) => {
    if (path.startsWith('/v1/orders/404')) return { status: 404, body: { error: 'no such order' } };
    return {
      body: { method, path, key: headers['x-key'], sent: body === '' ? null : (JSON.parse(body) as object) },
    };
  });
  gateway = await startGateway({
    files: { 'desk.yaml': desk(), 'apis/shop.yaml': shop() },
    env: { ...modelEnv(model.baseUrl), SHOP_KEY: secret },
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await service.close();
});

beforeEach(() => {
  replies = [];
});

function desk(operations = ['getOrder', 'findOrders', 'createOrder']): object {
  return agentFile('desk', {
    tools: [
      {
        name: 'shop',
        type: 'openapi',
        document: 'apis/shop.yaml',
        operations,
        credentials: { key: { env: 'SHOP_KEY' } },
      },
    ],
    limits: { maxResultCharacters: 2000 },
  });
}

/** A document with path parameters, lists in the query, a body, a key, and a circle. */
function shop(summary = 'Looks up one order.'): string {
  const ok = { responses: { '200': { description: 'Fine.' } } };
  const id = { name: 'order_id', in: 'path', required: true, schema: { type: 'string' } };
  const states = {
    name: 'state',
    in: 'query',
    explode: false,
    schema: { type: 'array', items: { type: 'string' } },
  };
  const tags = { ...states, name: 'tag', explode: true };
  const line = {
    type: 'object',
    required: ['item'],
    properties: {
      item: { type: 'string' },
      parts: { type: 'array', items: { $ref: '#/components/schemas/Line' } },
    },
  };
  const requestBody = {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Line' } } },
  };
  return stringify({
    openapi: '3.0.3',
    info: { title: 'Shop', version: '1' },
    servers: [{ url: `${service.url}/v1` }],
    security: [{ key: [] }],
    paths: {
      '/orders/{order_id}': { get: { operationId: 'getOrder', summary, parameters: [id], ...ok } },
      '/orders': {
        get: { operationId: 'findOrders', parameters: [states, tags], ...ok },
        post: { operationId: 'createOrder', requestBody, ...ok },
      },
      '/admin/wipe': { post: { operationId: 'wipe', ...ok } },
    },
    components: {
      schemas: { Line: line },
      securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } },
    },
  });
}

function results(body: RequestBody | undefined): string[] {
  return (body?.messages ?? []).filter(({ role }) => role === 'tool').map(({ content }) => content ?? '');
}

describe('an agent with operations of an OpenAPI document', () => {
  test('calls them in a run: path, query, body, key; the key is in nothing that comes out', async () => {
    const before = model.requests.length;
    const line = { item: 'lamp', parts: [{ item: 'bulb', parts: [{ item: 'wire' }] }] };
    replies = [
      toolCalls([
        { name: 'shop_getOrder', arguments: { order_id: 'A/1' } },
        { name: 'shop_findOrders', arguments: { state: ['open', 'on hold'], tag: ['x', 'y'] } },
        { name: 'shop_createOrder', arguments: { body: line } },
        { name: 'shop_createOrder', arguments: { body: { parts: ['bulb'] } } },
        { name: 'shop_getOrder', arguments: { order_id: '404' } },
        { name: 'shop_wipe', arguments: {} },
      ]),
      text('done'),
    ];
    const response = await post(gateway.url, 'desk', rpc('SendStreamingMessage', v1Text('Go')), v1);
    const events = await readEvents(response);
    expectWhole(events);
    expect(streamedText(events)).toBe('done');

    const [first, second] = model.requests.slice(before).map(({ body }) => body);
    expect(first?.tools?.map((tool) => tool.function.name)).toEqual([
      'shop_getOrder',
      'shop_findOrders',
      'shop_createOrder',
    ]);
    expect(results(second)).toEqual([
      '{"method":"GET","path":"/v1/orders/A%2F1","key":"***","sent":null}',
      '{"method":"GET","path":"/v1/orders?state=open,on%20hold&tag=x&tag=y","key":"***","sent":null}',
      JSON.stringify({ method: 'POST', path: '/v1/orders', key: '***', sent: line }),
      'Error: The arguments do not fit: body.item is required; body.parts.0 must be object.',
      'Error: The service answered 404: {"error":"no such order"}',
      'Error: There is no tool shop_wipe. There are: shop_getOrder, shop_findOrders, shop_createOrder.',
    ]);
    expect(service.requests.every(({ headers }) => headers['x-key'] === secret)).toBe(true);
    const steps = stepsOf(events).filter(({ type }) => type === 'tool_execution');
    expect(
      steps
        .filter(({ status }) => status !== 'in_progress')
        .map(({ status }) => status)
        .sort(),
    ).toEqual([...Array(3).fill('completed'), ...Array(3).fill('failed')]);
    const told = JSON.stringify([events, model.requests.slice(before), gateway.logged()]);
    expect(told).not.toContain(secret);
  });

  test('has the operations of a changed document without a restart; a broken one changes nothing', async () => {
    const offered = async (): Promise<string | undefined> => {
      replies = [text('ok')];
      const before = model.requests.length;
      await call(gateway.url, 'desk', rpc('SendMessage', v1Text('Go')), v1);
      return model.requests[before]?.body.tools?.[0]?.function.description;
    };
    expect(await offered()).toBe('Looks up one order.');
    await gateway.write('apis/shop.yaml', 'swagger: "2.0"');
    await until(() => gateway.logged().includes('is Swagger 2'), { what: 'the mistake to be told' });
    await gateway.write('apis/shop.yaml', shop('Finds an order.'));
    await until(async () => (await offered()) === 'Finds an order.', { what: 'the changed document' });
  });
});
