import { toolCall } from '../support/scripted-tool.ts';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { HttpToolDefinition } from '../../src/agents/tool-types/http.ts';
import { EgressGuard } from '../../src/tools/egress/egress-guard.ts';
import { createHttpTool } from '../../src/tools/http/http-tool.ts';
import type { HttpToolDependencies } from '../../src/tools/http/http-tool.ts';
import { ToolError } from '../../src/tools/tool.ts';
import type { ToolCall, ToolResult } from '../../src/tools/tool.ts';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Answer {
  status?: number;
  type?: string;
  headers?: Record<string, string>;
  body?: string | Buffer | ((received: Received) => string);
}

let server: Server;
let base = '';
let received: Received[] = [];
let answer: Answer = {};
const guard = new EgressGuard({
  allow: [],
  resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
});

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const now: Received = { method, url, headers, body: Buffer.concat(chunks).toString() };
      received.push(now);
      const { status = 200, type = 'application/json', body = '{}' } = answer;
      response.writeHead(status, { 'content-type': type, ...answer.headers });
      response.end(typeof body === 'function' ? body(now) : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  received = [];
  answer = {};
});

afterAll(async () => {
  await guard.close();
  server.closeAllConnections();
  server.close();
});

function call(
  definition: Partial<HttpToolDefinition>,
  over: Partial<ToolCall> = {},
  deps: Partial<HttpToolDependencies> = {},
): Promise<ToolResult> {
  const tool = createHttpTool(
    {
      name: 'orders',
      type: 'http',
      method: 'GET',
      url: '/',
      parameters: { type: 'object' },
      headers: {},
      ...definition,
    },
    { env: {}, guard, ownAddress: () => base, ...deps },
  );
  return tool.execute(toolCall({}, over));
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToolError);
  return (error as ToolError).message;
}

describe('the address', () => {
  test.each([
    ['a slash', 'a/b', '/orders/a%2Fb'],
    ['a query', 'a?b=c&d', '/orders/a%3Fb%3Dc%26d'],
    ['a fragment', 'a#b', '/orders/a%23b'],
    ['an escape', '%2e%2e', '/orders/%252e%252e'],
    ['a backslash', '..\\..', '/orders/..%5C..'],
    ['dots with more', '../x', '/orders/..%2Fx'],
    ['letters beyond ASCII', 'größe 1', '/orders/gr%C3%B6%C3%9Fe%201'],
    ['half a character', 'a\ud800', '/orders/a%EF%BF%BD'],
    ['a line break', 'a\r\nX: y', '/orders/a%0D%0AX%3A%20y'],
    ['a number', 42, '/orders/42'],
  ])('keeps %s within its path segment', async (_case, id, path) => {
    await call({ url: `${base}/orders/{id}` }, { arguments: { id } });
    expect(received.map(({ url }) => url)).toEqual([path]);
  });

  test('fills the query, leaves absent pairs out, and adds the other arguments', async () => {
    const url = '/orders/{id}?status={status}&limit={limit}&v=1';
    await call({ url }, { arguments: { id: 7, status: 'a&b', tags: ['x', 'y z'], page: null } });
    expect(received[0]?.url).toBe('/orders/7?status=a%26b&v=1&tags=x&tags=y+z');
  });

  test.each(['POST', 'PUT', 'PATCH'] as const)('%s carries the other arguments as JSON', async (method) => {
    await call({ method, url: '/orders/{id}' }, { arguments: { id: 'A', note: 'ü', lines: [1] } });
    expect(received[0]).toMatchObject({ method, url: '/orders/A', body: '{"note":"ü","lines":[1]}' });
    expect(received[0]?.headers['content-type']).toBe('application/json');
  });

  test('DELETE carries them in the query', async () => {
    await call({ method: 'DELETE', url: '/orders/{id}' }, { arguments: { id: 'A', force: true } });
    expect(received[0]).toMatchObject({ method: 'DELETE', url: '/orders/A?force=true', body: '' });
  });

  test.each([
    ['the host', 'http://{host}/x', { host: '127.0.0.1' }, /127.0.0.1 are refused: it is a loopback address/],
    [
      'a part of the host',
      'https://{host}.shop.example/',
      { host: 'a' },
      /a.shop.example are refused: it resolves to/,
    ],
    ['the port', 'http://127.0.0.1:{port}/', { port: 80 }, /loopback/],
    ['all of it', '{url}', { url: 'http://127.0.0.1' }, /not a valid URL/],
    ['a host with a user', 'http://{host}/', { host: 'a@127.0.0.1' }, /not a valid URL/],
  ])('goes through the guard when an argument chooses %s', async (_case, url, args, sentence) => {
    expect(await failure(call({ url }, { arguments: args }))).toMatch(sentence);
    expect(received).toEqual([]);
  });
});

describe('the headers', () => {
  const headers: HttpToolDefinition['headers'] = {
    Authorization: { env: 'SHOP_TOKEN', prefix: 'Bearer ' },
    'X-Customer': { context: 'customer_id' },
    'X-Fixed': 'yes',
  };

  test('come from the environment, the context and the file', async () => {
    await call({ headers }, { context: { customer_id: 7 } }, { env: { SHOP_TOKEN: 's3cret' } });
    expect(received[0]?.headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'x-customer': '7',
      'x-fixed': 'yes',
      accept: 'application/json',
    });
  });

  test('one whose context value is absent is left out', async () => {
    await call({ headers }, { context: {} }, { env: { SHOP_TOKEN: 's3cret' } });
    expect(received[0]?.headers).not.toHaveProperty('x-customer');
  });

  test('a missing environment variable is named', async () => {
    expect(await failure(call({ headers }))).toBe(
      "The gateway's environment variable SHOP_TOKEN is needed and not set.",
    );
    expect(received).toEqual([]);
  });

  test.each(['a\r\nX-Admin: 1', 'a\nb', 'a\0b', 'grüße €'])(
    'a value that is none is refused: %j',
    async (value) => {
      const sentence = await failure(
        call({ headers: { 'X-Customer': { context: 'id' } } }, { context: { id: value } }),
      );
      expect(sentence).toBe('The value of the header X-Customer holds characters that a header cannot hold.');
      expect(received).toEqual([]);
    },
  );
});

describe('secrets', () => {
  const secret = 'p"ss/w rd';
  const definition = {
    headers: { Authorization: { env: 'TOKEN', prefix: 'Bearer ' }, 'X-Id': { context: 'id' } },
  };
  const deps = { env: { TOKEN: secret } };
  const echo = ({ headers, url }: Received): string =>
    `${JSON.stringify({ headers, url })} ${encodeURIComponent(secret)} ${secret}`;

  test.each([200, 400])('are masked in an answer that echoes them (%i)', async (status) => {
    answer = { status, type: 'text/plain', body: echo };
    const text = await call(definition, { context: { id: 'C-77' } }, deps).then(
      (result) => result.text,
      (error: Error) => error.message,
    );
    expect(text).toContain('"authorization":"Bearer ***"');
    for (const form of [secret, 'p\\"ss', 'p%22ss', 'C-77']) expect(text).not.toContain(form);
  });

  test('a context value that is known not to be secret stays readable', async () => {
    answer = { body: echo };
    const result = await call(
      definition,
      { context: { id: 'C-77' } },
      { ...deps, secretVariables: new Set() },
    );
    expect(result.text).toContain('C-77');
    expect(result.text).not.toContain('p\\"ss');
  });
});

describe('the answer', () => {
  test('JSON is put on one line', async () => {
    answer = { body: JSON.stringify({ id: 'A', lines: [{ n: 1 }] }, null, 2) };
    expect(await call({})).toEqual({ text: '{"id":"A","lines":[{"n":1}]}', summary: 'answered 200' });
  });

  test('JSON with numbers that would be rounded stays as it is', async () => {
    answer = { body: '{ "id": 12345678901234567891 }' };
    expect((await call({})).text).toBe('{ "id": 12345678901234567891 }');
  });

  test.each([
    ['text', { type: 'text/plain; charset=utf-8', body: 'größer' }, 'größer'],
    ['broken JSON', { body: '{"a":' }, '{"a":'],
    ['nothing', { status: 200, body: '' }, 'The service answered 200 without content.'],
    ['an image', { type: 'image/png', body: Buffer.from([1, 2, 3]) }, '(3 bytes of image/png)'],
  ])('%s', async (_case, given, text) => {
    answer = given;
    expect((await call({})).text).toBe(text);
  });

  test.each([
    [
      'an error',
      { status: 404, body: '{"error":\n "unknown order"}' },
      'The service answered 404: {"error":"unknown order"}',
    ],
    ['an error without a body', { status: 503, body: '' }, 'The service answered 503.'],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://10.0.0.1/' } },
      'The service answered 302: a redirect, which is not followed.',
    ],
    [
      'too much',
      { type: 'text/plain', body: 'x'.repeat(1_000_001) },
      'The answer of the service is larger than 1 MB; ask it for less.',
    ],
  ])('%s is an error that can be acted on', async (_case, given, sentence) => {
    answer = given;
    expect(await failure(call({}))).toBe(sentence);
  });

  test('quotes a long error only in part', async () => {
    answer = { status: 500, type: 'text/html', body: '<p>'.repeat(5000) };
    expect((await failure(call({}))).length).toBeLessThan(400);
  });

  test('a service that is away is named without internals', async () => {
    const sentence = await failure(call({ url: 'http://127.0.0.1:1/' }));
    expect(sentence).toBe('The service could not be reached; try again later.');
  });
});

describe('the tool', () => {
  const definition: HttpToolDefinition = {
    name: 'orders',
    type: 'http',
    method: 'GET',
    url: '/orders/{id}',
    parameters: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    headers: {},
  };
  const deps = { env: {}, guard, ownAddress: () => base };

  test('validates its arguments and says what it changes', () => {
    const tool = createHttpTool(definition, deps);
    expect(tool.validate({})).toEqual(['id is required']);
    expect([tool.sideEffects, 'timeoutSeconds' in tool]).toEqual([false, false]);
    expect(createHttpTool({ ...definition, method: 'POST' }, deps).sideEffects).toBe(true);
    const declared = createHttpTool({ ...definition, sideEffects: true, timeoutSeconds: 3 }, deps);
    expect([declared.sideEffects, declared.timeoutSeconds]).toEqual([true, 3]);
  });

  test('ends with the reason of the signal, before and during the request', async () => {
    const stop = new AbortController();
    answer = {
      body: () => {
        stop.abort(new Error('canceled'));
        return 'x'.repeat(500_000);
      },
    };
    await expect(call({}, { signal: stop.signal })).rejects.toThrow('canceled');
    await expect(call({}, { signal: stop.signal })).rejects.toThrow('canceled');
    expect(received).toHaveLength(1);
  });
});
