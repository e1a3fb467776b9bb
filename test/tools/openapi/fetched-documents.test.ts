import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpenApiToolDefinition } from '../../../src/agents/tool-types/openapi.ts';
import type { OpenApiSource } from '../../../src/tools/openapi/openapi-source.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { startService, type Service } from '../../support/service.ts';
import { apiDocument, ApiDocuments, ok } from './api-document.ts';

interface Published {
  status?: number;
  etag?: string;
  body: string;
}

let host: Server;
let home = '';
let published: Published;
let asked: IncomingMessage['headers'][] = [];
let service: Service;
let documents: ApiDocuments;
let now = 0;

const document = (id: string, more: object = {}) =>
  JSON.stringify(apiDocument({ '/items': { get: { operationId: id, ...ok } } }, more));

beforeAll(async () => {
  host = createServer(({ headers, url }, response) => {
    if (url === '/api/items') return void response.end('"home"');
    asked.push(headers);
    const { status = 200, etag, body } = published;
    const isKnown = etag !== undefined && headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : status, { ...(etag && { etag }) });
    response.end(isKnown ? undefined : body);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  home = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  service = await startService(() => ({ body: 'elsewhere' }));
  documents = await ApiDocuments.create(() => service.url);
});

beforeEach(() => {
  asked = [];
  now = 0;
  published = { body: document('list') };
});

afterAll(async () => {
  await documents.close();
  await service.close();
  host.closeAllConnections();
  host.close();
});

function open(declared: Partial<OpenApiToolDefinition> = {}): OpenApiSource {
  const definition: OpenApiToolDefinition = {
    name: 'shop',
    type: 'openapi',
    document: `${home}/docs/api.json`,
    operations: ['*'],
    headers: {},
    credentials: {},
    ...declared,
  };
  return documents.open(definition, { now: () => now, env: { TOKEN: 'secret' } });
}

async function namesOf(source: OpenApiSource): Promise<string[]> {
  return (await source.tools(new AbortController().signal)).map(({ name }) => name);
}

describe('a document at an address', () => {
  test('is asked again after a minute, and not read again while it stays', async () => {
    published = { etag: '"1"', body: document('list') };
    const source = open();
    const { signal } = new AbortController();
    const tools = await source.tools(signal);
    now = 59_999;
    expect(await source.tools(signal)).toBe(tools);
    expect(asked).toHaveLength(1);
    now = 60_000;
    expect(await source.tools(signal)).toBe(tools);
    expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, '"1"']);
    published = { etag: '"2"', body: document('listAll') };
    now = 120_000;
    expect(await namesOf(source)).toEqual(['shop_listAll']);
  });

  test('stays as it was while its address fails', async () => {
    const source = open();
    await namesOf(source);
    published = { status: 503, body: 'down' };
    now = 60_000;
    expect(await namesOf(source)).toEqual(['shop_list']);
  });

  test.each<[what: string, given: Published, declared: Partial<OpenApiToolDefinition>, sentence: RegExp]>([
    ['an error', { status: 404, body: '' }, {}, /^The document's address answered 404\.$/],
    ['a redirect', { status: 302, body: '' }, {}, /^The document's address answered 302\.$/],
    ['too much', { body: ' '.repeat(5_000_001) }, {}, /^The document is larger than 5 MB\.$/],
    ['no document', { body: '<html>' }, {}, /^The OpenAPI document is not an OpenAPI document\.$/],
    [
      'an operation that is not there',
      { body: document('a') },
      { operations: ['b'] },
      /has no operation "b"\.$/,
    ],
    ['nobody', { body: '' }, { document: 'http://127.0.0.1:1/' }, /^The service could not be reached/],
  ])('%s is told', async (_what, given, declared, sentence) => {
    published = given;
    await expect(namesOf(open(declared))).rejects.toThrow(sentence);
  });

  test('is tried again by the next run after it failed', async () => {
    published = { status: 503, body: '' };
    const source = open();
    await expect(namesOf(source)).rejects.toThrow(/503/);
    published = { body: document('list') };
    expect(await namesOf(source)).toEqual(['shop_list']);
  });
});

describe('the server of a document at an address', () => {
  async function answer(servers: object[] | undefined, declared: Partial<OpenApiToolDefinition> = {}) {
    published = { body: document('list', servers && { servers }) };
    const [tool] = await open(declared).tools(new AbortController().signal);
    return (await tool?.execute(toolCall()))?.text;
  }

  test.each(['../api', '/api/'])('is seen from that address: %s', async (url) => {
    expect(await answer([{ url }])).toBe('"home"');
  });

  test('may have variables', async () => {
    expect(await answer([{ url: '{base}', variables: { base: { default: '/api' } } }])).toBe('"home"');
  });

  test('goes through the guard when it is another one', async () => {
    await expect(answer([{ url: service.url }])).rejects.toThrow(
      'Requests to 127.0.0.1 are refused: it is a loopback address.',
    );
  });

  test('never gets credentials when it is another one, unless the operator names it', async () => {
    const declared = { headers: { 'X-Key': { env: 'TOKEN' } } };
    await expect(answer([{ url: service.url }], declared)).rejects.toThrow(
      `names the server ${service.url}, which is not where it comes from: write "server" to send credentials there`,
    );
    expect(service.requests).toEqual([]);
    expect(await answer([{ url: service.url }], { ...declared, server: service.url })).toBe('elsewhere');
    expect(service.requests.at(-1)?.headers['x-key']).toBe('secret');
  });
});

describe('the server of a document in a file', () => {
  const paths = { '/items': { get: { operationId: 'list', ...ok } } };
  const ownServer = { server: undefined } as unknown as Partial<OpenApiToolDefinition>;

  test('is trusted; that of the operation comes first', async () => {
    const servers = [{ url: 'http://127.0.0.1:1' }];
    const nearer = { '/items': { get: { ...paths['/items'].get, servers: [{ url: `${home}/api` }] } } };
    const tool = await documents.tool(apiDocument(nearer, { servers }), ownServer);
    expect((await tool.execute(toolCall())).text).toBe('"home"');
  });

  test("a path is the gateway's own address", async () => {
    const tool = await documents.tool(apiDocument(paths), { server: '/own/' });
    await tool.execute(toolCall());
    expect(service.requests.at(-1)?.path).toBe('/own/items');
  });

  test.each([[undefined], [[{ url: '/v1' }]], [[{ url: 'ftp://a' }]], [[{ url: 'http://a:b@c' }]]])(
    'must be an address: %j',
    async (servers) => {
      await expect(documents.tools(apiDocument(paths, servers && { servers }), ownServer)).rejects.toThrow(
        /names no server with an http\(s\) address: write "server"/,
      );
    },
  );
});
