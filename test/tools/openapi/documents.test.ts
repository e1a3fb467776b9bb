import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { broughtNames } from '../../../src/tools/brought-names.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { startService, type Service } from '../../support/service.ts';
import { apiDocument, ApiDocuments, ok } from './api-document.ts';

let service: Service;
let documents: ApiDocuments;

beforeAll(async () => {
  service = await startService(() => ({ body: {} }));
  documents = await ApiDocuments.create(() => service.url);
});

afterAll(async () => {
  await documents.close();
  await service.close();
});

const text = { type: 'string' };
const body = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } });
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** What the model is told of the only operation's body. */
async function bodySchema(schema: object, schemas: object = {}, openapi = '3.1.0'): Promise<unknown> {
  const paths = { '/b': { post: { ...body(schema), ...ok } } };
  const tool = await documents.tool(apiDocument(paths, { openapi, components: { schemas } }));
  return (tool.parameters['properties'] as { body: unknown }).body;
}

describe('the tools', () => {
  const paths = {
    '/orders/{id}': {
      parameters: [
        { name: 'id', in: 'path', required: true, schema: text, description: 'Of the order.' },
        { name: 'verbose', in: 'query', schema: { type: 'boolean' } },
      ],
      get: {
        operationId: 'getOrder',
        summary: 'Looks up an order.',
        description: 'With its lines.',
        parameters: [
          { name: 'verbose', in: 'query', schema: { type: 'integer' } },
          { name: 'id', in: 'query', schema: text },
          { name: 'filter[state]', in: 'query', schema: text },
        ],
        ...ok,
      },
      delete: { ...ok },
    },
    '/orders': {
      post: {
        operationId: 'createOrder',
        parameters: [{ name: 'body', in: 'query', required: true, schema: text }],
        ...body({ type: 'object', properties: { item: text }, required: ['item'] }),
        ...ok,
      },
    },
  };

  test('stand for the listed operations, in the order of the list', async () => {
    const operations = ['createOrder', 'GET /orders/{id}', 'getOrder'];
    const tools = await documents.tools(apiDocument(paths), { operations });
    expect(tools).toMatchObject([
      { name: 'shop_createOrder', sideEffects: true, source: 'shop' },
      { name: 'shop_getOrder', sideEffects: false, description: 'Looks up an order.\n\nWith its lines.' },
    ]);
  });

  test('* stands for all; what has no id is named by method and path', async () => {
    const tools = await documents.tools(apiDocument(paths), { declaredSideEffects: true, timeoutSeconds: 3 });
    expect(tools).toMatchObject([
      { name: 'shop_getOrder', sideEffects: true, timeoutSeconds: 3 },
      {
        name: 'shop_DELETE_orders_id_',
        description: 'Sends a DELETE request to /orders/{id}.',
      },
      { name: 'shop_createOrder' },
    ]);
  });

  test('have one object of arguments, whose names do not clash and go where they belong', async () => {
    const tool = await documents.tool(apiDocument(paths), { operations: ['getOrder'] });
    expect(tool.parameters).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string', description: 'Of the order.' },
        verbose: { type: 'integer' },
        id_query: text,
        filter_state: text,
      },
      required: ['id'],
      additionalProperties: false,
    });
    await tool.execute(toolCall({ id: 'A', id_query: 'B', filter_state: 'open', verbose: 2 }));
    expect(service.requests.at(-1)?.path).toBe('/orders/A?verbose=2&id=B&filter%5Bstate%5D=open');
    const create = await documents.tool(apiDocument(paths), { operations: ['createOrder'] });
    expect(create.validate({ body: {} })).toEqual(['body_query is required', 'body.item is required']);
  });

  test('are described by the declaration too', async () => {
    const declared = { operations: ['getOrder'], description: 'Of the shop in Bonn.' };
    const tool = await documents.tool(apiDocument(paths), declared);
    expect(tool.description).toBe('Looks up an order.\n\nWith its lines.\n\nOf the shop in Bonn.');
  });

  test('say what came of the request', async () => {
    const tool = await documents.tool(apiDocument(paths), { operations: ['getOrder'] });
    expect(await tool.execute(toolCall({ id: 'A' }))).toEqual({
      text: '{}',
      summary: 'answered 200',
      detail: { operation: 'GET /orders/{id}', status: 200 },
    });
  });

  test('are made once as long as the document stays, in YAML too', async () => {
    const source = await documents.source(stringify(apiDocument(paths)));
    const { signal } = new AbortController();
    const [first, second] = await Promise.all([source.tools(signal), source.tools(signal)]);
    expect([second, await source.tools(signal)].every((tools) => tools === first)).toBe(true);
    expect(first).toHaveLength(3);
  });

  test('heed the signal', async () => {
    const source = await documents.source(apiDocument(paths));
    await expect(source.tools(AbortSignal.abort(new Error('canceled')))).rejects.toThrow('canceled');
    expect(await source.tools(new AbortController().signal)).toHaveLength(3);
  });
});

describe('references', () => {
  test('a schema that holds itself is finite; below it anything is allowed', async () => {
    const node = {
      type: 'object',
      properties: {
        name: text,
        children: { type: 'array', items: reference('Node') },
        twin: reference('Node'),
      },
      required: ['name'],
    };
    const schema = await bodySchema(reference('Node'), { Node: node });
    const like = { type: 'object', description: 'Like Node.' };
    expect(schema).toEqual({
      ...node,
      properties: { name: text, children: { type: 'array', items: like }, twin: like },
    });
    const paths = { '/b': { post: { ...body(reference('Node')), ...ok } } };
    const tool = await documents.tool(apiDocument(paths, { components: { schemas: { Node: node } } }));
    const tree = { name: 'a', children: [{ name: 'b', children: [{ any: 'thing' }] }] };
    expect(tool.validate({ body: tree })).toEqual([]);
    expect(tool.validate({ body: { children: ['b'] } })).toEqual([
      'body.name is required',
      'body.children.0 must be object',
    ]);
    await tool.execute(toolCall({ body: tree }));
    expect(JSON.parse(service.requests.at(-1)?.body ?? '')).toEqual(tree);
  });

  test('circles of several schemas, and of a schema that is only a reference to itself', async () => {
    const schemas = {
      A: { type: 'object', properties: { b: reference('B') } },
      B: { type: 'object', properties: { a: reference('A') } },
      Self: reference('Self'),
    };
    expect(await bodySchema(reference('A'), schemas)).toEqual({
      type: 'object',
      properties: {
        b: { type: 'object', properties: { a: { type: 'object', description: 'Like A.' } } },
      },
    });
    expect(await bodySchema(reference('Self'), schemas)).toEqual({ description: 'Like Self.' });
  });

  test('a document that doubles with each level stays small', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 40 }, (_none, level) => {
        const next = level < 39 ? reference(`S${level + 1}`) : text;
        return [
          `S${level}`,
          {
            type: 'object',
            properties: Object.fromEntries('abcdefgh'.split('').map((name) => [name, next])),
          },
        ];
      }),
    );
    const schema = await bodySchema(reference('S0'), schemas);
    expect(JSON.stringify(schema).length).toBeLessThan(200_000);
  });

  test('path items, parameters and bodies may be references; words beside one replace its own', async () => {
    const document = apiDocument(
      { '/a/{id}': { $ref: '#/components/pathItems/a' } },
      {
        components: {
          pathItems: {
            a: {
              put: {
                operationId: 'put',
                parameters: [{ $ref: '#/components/parameters/id' }],
                requestBody: { $ref: '#/components/requestBodies/b' },
                ...ok,
              },
            },
          },
          parameters: { id: { name: 'id', in: 'path', required: true, schema: reference('Id') } },
          requestBodies: {
            b: {
              required: true,
              ...body({ ...reference('Id'), description: 'New.', minLength: 3 }).requestBody,
            },
          },
          schemas: { Id: { type: 'string', description: 'An id.' } },
        },
      },
    );
    const tool = await documents.tool(document);
    expect(tool.parameters['properties']).toEqual({
      id: { type: 'string', description: 'An id.' },
      body: { description: 'New.', minLength: 3, allOf: [{ type: 'string', description: 'An id.' }] },
    });
  });

  test.each([
    ['a file', 'file:///etc/hostname'],
    ['another document', 'other.yaml#/a'],
    ['an address', 'http://127.0.0.1:1/a.json'],
    ['nothing', '#/components/schemas/Nope'],
    ['what every object has', '#/components/constructor'],
  ])('one to %s is never followed', async (_case, $ref) => {
    const paths = {
      '/bad': { post: { operationId: 'bad', ...body({ $ref }), ...ok } },
      '/good': { get: { operationId: 'good', ...ok } },
    };
    expect(await documents.refusal(apiDocument(paths), ['bad', 'good'])).toMatch(
      /^The OpenAPI document cannot be used for bad: it refers to /,
    );
    expect((await documents.tools(apiDocument(paths))).map(({ name }) => name)).toEqual(['shop_good']);
  });
});

describe('schemas of version 3.0 become JSON Schema', () => {
  test.each<[what: string, written: object, schema: object]>([
    [
      'nullable',
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'exclusive bounds',
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      { type: 'integer', exclusiveMinimum: 1 },
    ],
    [
      'what only the service writes',
      {
        type: 'object',
        required: ['id', 'n'],
        properties: { id: { type: 'string', readOnly: true }, n: text },
      },
      { type: 'object', required: ['n'], properties: { n: text } },
    ],
    ['patterns of other languages', { type: 'string', pattern: '(?i)^a' }, text],
    ['what is not for models', { ...text, example: 'a', xml: { name: 'b' }, 'x-internal': true }, text],
    [
      'a property that is named like a keyword',
      { type: 'object', properties: { example: text } },
      { type: 'object', properties: { example: text } },
    ],
  ])('%s', async (_what, written, schema) => {
    expect(await bodySchema(written, {}, '3.0.3')).toEqual(schema);
  });
});

test('names are short, allowed, and do not clash', () => {
  const names = broughtNames('shop', ['get order', 'get/order', 'list', 'x'.repeat(80), 'ü']);
  expect(names).toEqual([
    expect.stringMatching(/^shop_get_order_[0-9a-f]{8}$/),
    expect.stringMatching(/^shop_get_order_[0-9a-f]{8}$/),
    'shop_list',
    expect.stringMatching(/^shop_x{50}_[0-9a-f]{8}$/),
    'shop__',
  ]);
  expect(new Set(names).size).toBe(5);
});
