import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { readCard, RemoteCardSource } from '../../../src/agents/remote/remote-card.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import { serve } from '../../http/local-server.ts';

function addressOf(card: object): unknown {
  const { url, binding, version } = readCard(JSON.stringify(card)).address;
  return `${version} ${binding} ${url}`;
}

const v1 = (protocolVersion: string | undefined, protocolBinding: string, url: string): object => ({
  url,
  protocolBinding,
  ...(protocolVersion !== undefined && { protocolVersion }),
});

describe('the address that is spoken to', () => {
  test.each([
    [
      'the first of 1.0',
      [v1('1.0', 'HTTP+JSON', 'https://a/1'), v1('1.0', 'JSONRPC', 'https://a/2')],
      '1.0 HTTP+JSON https://a/1',
    ],
    [
      '1.0 before 0.3',
      [v1('0.3', 'JSONRPC', 'https://a/1'), v1('1.0', 'JSONRPC', 'https://a/2')],
      '1.0 JSONRPC https://a/2',
    ],
    [
      'whatever the patch digits (VER-CLIENT-002)',
      [v1('1.0.12', 'jsonrpc', 'https://a/1')],
      '1.0 JSONRPC https://a/1',
    ],
    ['1.0 where no version stands', [v1(undefined, 'JSONRPC', 'https://a/1')], '1.0 JSONRPC https://a/1'],
    [
      '0.3 over JSON-RPC first',
      [v1('0.3', 'HTTP+JSON', 'https://a/1'), v1('0.3.0', 'JSONRPC', 'https://a/2')],
      '0.3 JSONRPC https://a/2',
    ],
    [
      'no gRPC, no later version',
      [v1('1.0', 'GRPC', 'a:1'), v1('2.0', 'JSONRPC', 'https://a/1'), v1('1.0', 'JSONRPC', 'https://a/2')],
      '1.0 JSONRPC https://a/2',
    ],
  ])('%s', (_what, supportedInterfaces, expected) => {
    expect(addressOf({ supportedInterfaces })).toBe(expected);
  });

  test('gRPC of 1.0 where there is nothing else', () => {
    const [grpc, http] = [v1('1.0', 'GRPC', 'http://a.example:50051'), v1('0.3', 'HTTP+JSON', 'https://a/1')];
    expect(addressOf({ supportedInterfaces: [grpc] })).toBe('1.0 GRPC a.example:50051');
    expect(addressOf({ supportedInterfaces: [grpc, http] })).toBe('0.3 HTTP+JSON https://a/1');
  });

  test('of a v0.3 card: the preferred one, or another', () => {
    expect(addressOf({ url: 'https://a/1', protocolVersion: '0.3.0' })).toBe('0.3 JSONRPC https://a/1');
    const additionalInterfaces = [{ url: 'https://a/2', transport: 'JSONRPC' }];
    expect(addressOf({ url: 'https://a/1', preferredTransport: 'GRPC', additionalInterfaces })).toBe(
      '0.3 JSONRPC https://a/2',
    );
  });

  test.each([
    ['{}'],
    ['[]'],
    ['null'],
    ['no JSON'],
    ['{"supportedInterfaces":[null,1,{"url":5}]}'],
    ['{"url":"file:///etc/passwd"}'],
    ['{"url":"a:1","preferredTransport":"GRPC"}'],
    ['{"supportedInterfaces":[{"url":"user@a:1","protocolBinding":"GRPC"}]}'],
  ])('none in %s', (text) => {
    expect(() => readCard(text)).toThrow(/card cannot be used/);
  });
});

describe('the card', () => {
  const guard = new EgressGuard({ allow: [] });

  afterAll(async () => {
    await guard.close();
  });

  async function remote(answers: { status?: number; headers?: Record<string, string>; body?: string }[]) {
    const requests: IncomingHttpHeaders[] = [];
    const server = await serve((request, response) => {
      requests.push(request.headers);
      const {
        status = 200,
        headers,
        body = JSON.stringify({ url: 'https://a/' }),
      } = answers.shift() ?? { status: 500 };
      response.writeHead(status, headers).end(status === 304 ? '' : body);
    });
    const source = new RemoteCardSource({ url: `${server.url}/card`, guard });
    return { server, requests, source };
  }

  test('is kept for a minute at least, then asked for with its tag, and kept when it is unchanged or away', async () => {
    const { server, requests, source } = await remote([
      { headers: { etag: '"one"', 'cache-control': 'max-age=5' } },
      { status: 304, headers: { 'cache-control': 'public, max-age=600' } },
      { status: 503 },
    ]);
    const time = jest.spyOn(Date, 'now');
    const start = performance.timeOrigin + performance.now();
    const at = (seconds: number): void => void time.mockReturnValue(start + seconds * 1000);
    const asked: number[] = [];
    for (const seconds of [0, 59, 61, 600, 662, 700, 725]) {
      at(seconds);
      expect((await source.get({ 'x-own': 'yes' })).address.url).toBe('https://a/');
      asked.push(requests.length);
    }
    time.mockRestore();
    await server[Symbol.asyncDispose]();
    expect(asked).toEqual([1, 1, 2, 2, 3, 3, 4]);
    expect(requests[0]).toMatchObject({ 'a2a-version': '1.0', 'x-own': 'yes' });
    expect(requests.map((headers) => headers['if-none-match'])).toEqual([
      undefined,
      '"one"',
      '"one"',
      '"one"',
    ]);
  });

  test('is fetched once for those who ask at once, and anew after a failure', async () => {
    const { server, requests, source } = await remote([{ status: 404 }, {}]);
    const both = await Promise.allSettled([source.get({}), source.get({})]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(requests).toHaveLength(1);
    expect((await source.get({})).streaming).toBe(false);
    await server[Symbol.asyncDispose]();
  });

  test('is not read beyond its cap', async () => {
    const { server, source } = await remote([
      { body: JSON.stringify({ url: 'https://a/', filler: 'x'.repeat(1_100_000) }) },
    ]);
    await expect(source.get({})).rejects.toThrow(/larger than 1048576 bytes/);
    await server[Symbol.asyncDispose]();
  });
});
