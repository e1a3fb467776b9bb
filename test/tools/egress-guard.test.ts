import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { EgressGuard, EgressRefusedError } from '../../src/tools/egress/egress-guard.ts';
import type { EgressGuardOptions } from '../../src/tools/egress/egress-guard.ts';
import { linuxTest } from '../support/platform.ts';

const servers: Server[] = [];
const guards: EgressGuard[] = [];

function guardWith(options: Partial<EgressGuardOptions> = {}): EgressGuard {
  const guard = new EgressGuard({
    allow: [],
    resolve: () => Promise.reject(new Error('no such name')),
    ...options,
  });
  guards.push(guard);
  return guard;
}

async function listen(handler: RequestListener, host = '127.0.0.1', port = 0): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

function resolvesTo(...addresses: string[]): NonNullable<EgressGuardOptions['resolve']> {
  return () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
}

afterEach(async () => {
  await Promise.all(guards.splice(0).map((guard) => guard.close()));
});

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

describe('hostile addresses', () => {
  let port = 0;
  let connections = 0;

  beforeAll(async () => {
    port = await listen((_request, response) => response.end('inside'));
    servers.at(-1)?.on('connection', () => {
      connections += 1;
    });
  });

  test.each([
    ['a loopback literal', 'http://127.0.0.1:PORT/', /loopback/],
    ['a loopback literal over https', 'https://127.0.0.1:PORT/', /loopback/],
    ['another loopback address', 'http://127.8.9.10:PORT/', /loopback/],
    ['a decimal number', 'http://2130706433:PORT/', /loopback/],
    ['a hexadecimal number', 'http://0x7f000001:PORT/', /loopback/],
    ['hexadecimal parts', 'http://0x7f.0x0.0x0.0x1:PORT/', /loopback/],
    ['octal parts', 'http://0177.0.0.01:PORT/', /loopback/],
    ['a short form', 'http://127.1:PORT/', /loopback/],
    ['full-width digits', 'http://１２７.0.0.1:PORT/', /loopback/],
    ['a percent-encoded digit', 'http://%3127.0.0.1:PORT/', /loopback/],
    ['a trailing dot', 'http://127.0.0.1.:PORT/', /loopback/],
    ['unspecified', 'http://0.0.0.0:PORT/', /unspecified/],
    ['zero', 'http://0:PORT/', /unspecified/],
    ['IPv6 loopback', 'http://[::1]:PORT/', /loopback/],
    ['IPv6 unspecified', 'http://[::]:PORT/', /unspecified/],
    ['IPv4-mapped', 'http://[::ffff:127.0.0.1]:PORT/', /loopback/],
    ['IPv4-mapped in hexadecimal', 'http://[::ffff:7f00:1]:PORT/', /loopback/],
    ['IPv4-compatible', 'http://[::127.0.0.1]:PORT/', /reserved/],
    ['IPv4-translated', 'http://[::ffff:0:127.0.0.1]:PORT/', /reserved/],
    ['NAT64 of loopback', 'http://[64:ff9b::127.0.0.1]:PORT/', /loopback/],
    ['local NAT64', 'http://[64:ff9b:1::7f00:1]:PORT/', /reserved/],
    ['6to4 of loopback', 'http://[2002:7f00:1::1]:PORT/', /loopback/],
    ['6to4 of a private address', 'http://[2002:c0a8:101::1]:PORT/', /private/],
    ['Teredo', 'http://[2001:0:7f00:1::1]:PORT/', /reserved/],
    ['link-local', 'http://[fe80::1]:PORT/', /link-local/],
    ['an IPv6 zone', 'http://[fe80::1%25lo]:PORT/', /not a valid URL/],
    ['unique local', 'https://[fd00:ec2::254]/', /unique local/],
    ['cloud metadata', 'https://169.254.169.254/latest/meta-data/', /link-local/],
    ['a private address', 'https://10.0.0.1/', /private/],
    ['carrier-grade NAT', 'https://100.64.0.1/', /carrier-grade/],
    ['multicast', 'https://224.0.0.1/', /multicast/],
    ['broadcast', 'https://255.255.255.255/', /reserved/],
    ['documentation', 'https://203.0.113.9/', /documentation/],
    ['IPv6 documentation', 'https://[2001:db8::1]/', /documentation/],
    ['a user name', 'http://shop.example@127.0.0.1:PORT/', /user name/],
    ['a password', 'https://user:pass@shop.example/', /user name/],
    ['a file', 'file:///etc/passwd', /only https/],
    ['no URL', '//127.0.0.1/', /not a valid URL/],
  ])('refuses %s', async (_case, url, reason) => {
    const request = guardWith().fetch(url.replace('PORT', String(port)), { maxBytes: 10 });
    const error: unknown = await request.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EgressRefusedError);
    expect((error as Error).message).toMatch(reason);
    expect(connections).toBe(0);
  });

  test.each([
    ['a loopback address', ['127.0.0.1'], /resolves to a loopback/],
    ['an IPv4-mapped address', ['::ffff:127.0.0.1'], /resolves to a loopback/],
    ['an address with a zone', ['fe80::1%lo'], /not a plain address/],
  ])('refuses a name that resolves to %s', async (_case, addresses, reason) => {
    for (const hostname of ['shop.example', 'localhost', 'localhost.']) {
      const guard = guardWith({ resolve: resolvesTo(...addresses) });
      await expect(guard.fetch(`https://${hostname}:${port}/`, { maxBytes: 10 })).rejects.toThrow(reason);
    }
    expect(connections).toBe(0);
  });

  test('refuses a name as soon as one of its addresses is not to be reached', async () => {
    const guard = guardWith({ allow: ['192.0.2.1'], resolve: resolvesTo('192.0.2.1', '127.0.0.1') });
    await expect(guard.fetch(`http://shop.example:${port}/`, { maxBytes: 10 })).rejects.toThrow(/loopback/);
    expect(connections).toBe(0);
  });

  test('hands a redirect to loopback back, unfollowed', async () => {
    const redirecting = await listen((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
    });
    const guard = guardWith({ allow: [`127.0.0.1:${redirecting}`] });
    const guarded = await guard.fetch(`http://127.0.0.1:${redirecting}/`, { maxBytes: 10 });
    const trusted = await guard.trustedFetch(`http://127.0.0.1:${redirecting}/`, { maxBytes: 10 });
    expect([guarded.status, trusted.status]).toEqual([302, 302]);
    expect(connections).toBe(0);
  });

  test('a host that says no to plain http and to other ports', async () => {
    const guard = guardWith({ resolve: resolvesTo('93.184.215.14') });
    await expect(guard.fetch('http://shop.example/', { maxBytes: 1 })).rejects.toThrow(
      'Requests to shop.example are refused: only https is allowed.',
    );
    await expect(guard.fetch('https://shop.example:8443/', { maxBytes: 1 })).rejects.toThrow(
      'Requests to shop.example are refused: port 8443 is not allowed.',
    );
  });
});

describe('rebinding', () => {
  test('resolves once for a connection, and checks again for the next one', async () => {
    const port = await listen((_request, response) => response.setHeader('connection', 'close').end('ok'));
    const answers = ['127.0.0.1', '10.0.0.1'];
    const asked: string[] = [];
    const resolve = (hostname: string) => resolvesTo(answers[asked.push(hostname) - 1] ?? '')(hostname);
    const guard = guardWith({ allow: ['127.0.0.1'], resolve });
    const url = `http://shop.example:${port}/`;
    expect((await guard.fetch(url, { maxBytes: 10 })).body.toString()).toBe('ok');
    expect(asked).toEqual(['shop.example']);
    await expect(guard.fetch(url, { maxBytes: 10 })).rejects.toThrow(/private/);
    expect(asked).toEqual(['shop.example', 'shop.example']);
  });

  // 127.0.0.2 stands for the public address; only Linux has all of 127/8 without set-up.
  linuxTest('connects to the address that it checked', async () => {
    let inside = 0;
    const port = await listen((_request, response) => response.end('outside'), '127.0.0.2');
    await listen((_request, response) => response.end('inside'), '127.0.0.1', port);
    servers.at(-1)?.on('connection', () => {
      inside += 1;
    });
    let first = true;
    const resolve: NonNullable<EgressGuardOptions['resolve']> = (hostname) => {
      const answer = first ? '127.0.0.2' : '127.0.0.1';
      first = false;
      return resolvesTo(answer)(hostname);
    };
    const guard = guardWith({ allow: ['127.0.0.2/32'], resolve });
    const answer = await guard.fetch(`http://shop.example:${port}/`, { maxBytes: 10 });
    expect(answer.body.toString()).toBe('outside');
    expect(inside).toBe(0);
    const again = guardWith({ allow: ['127.0.0.2/32'], resolve });
    await expect(again.fetch(`http://shop.example:${port}/`, { maxBytes: 10 })).rejects.toThrow(/loopback/);
    expect(inside).toBe(0);
  });
});

describe('the allow-list', () => {
  let port = 0;

  beforeAll(async () => {
    port = await listen((request, response) => response.end(`for ${request.headers.host}`));
  });

  test.each([
    ['a host', () => 'shop.intern', 'shop.intern'],
    ['a host, in any case and with a dot', () => 'Shop.Intern', 'shop.intern.'],
    ['a host with its port', () => `shop.intern:${port}`, 'shop.intern'],
    ['an address', () => '127.0.0.1', '127.0.0.1'],
    ['an address with its port', () => `127.0.0.1:${port}`, 'shop.intern'],
    ['a network', () => '127.0.0.0/8', 'shop.intern'],
  ])('lets %s through', async (_case, entry, hostname) => {
    const guard = guardWith({ allow: [entry()], resolve: resolvesTo('127.0.0.1') });
    const answer = await guard.fetch(`http://${hostname}:${port}/`, { maxBytes: 100 });
    expect(answer.body.toString()).toBe(`for ${hostname}:${port}`);
  });

  test.each([
    ['another host', 'shop.example'],
    ['a host that ends alike', 'intern'],
    ['another port', 'shop.intern:1'],
    ['another network', '10.0.0.0/8'],
    ['another network, IPv6', 'fd00::/8'],
  ])('does not take %s for it', async (_case, entry) => {
    const guard = guardWith({ allow: [entry], resolve: resolvesTo('127.0.0.1') });
    await expect(guard.fetch(`http://shop.intern:${port}/`, { maxBytes: 1 })).rejects.toThrow(
      EgressRefusedError,
    );
  });

  test.each(['http://shop.example', 'shop.example/path', '10.0.0.0/99', 'a b', ''])(
    'an entry that cannot be read is refused at the start: %p',
    (entry) => {
      expect(() => guardWith({ allow: [entry] })).toThrow();
    },
  );
});

describe('requests and answers', () => {
  test('carries method, headers and body, and keeps connections', async () => {
    const sockets = new Set<unknown>();
    const port = await listen((request, response) => {
      sockets.add(request.socket);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.setHeader('x-answer', 'yes').writeHead(201);
        response.end(
          `${request.method} ${String(request.headers['x-asked'])} ${Buffer.concat(chunks).toString()}`,
        );
      });
    });
    const guard = guardWith({ allow: ['127.0.0.1'] });
    const request = { method: 'PUT', headers: { 'x-asked': 'a' }, body: 'hello', maxBytes: 100 };
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      const answer = await guard.fetch(`http://127.0.0.1:${port}/`, request);
      expect([answer.status, answer.headers.get('x-answer'), answer.truncated]).toEqual([201, 'yes', false]);
      expect(answer.body.toString()).toBe('PUT a hello');
    }
    expect(sockets.size).toBeLessThan(rounds);
  });

  test('reads no more than the cap, also of a small answer that unpacks to a large one', async () => {
    const port = await listen((_request, response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000)));
    });
    const answer = await guardWith().trustedFetch(`http://127.0.0.1:${port}/`, { maxBytes: 1000 });
    expect([answer.body.length, answer.truncated]).toEqual([1000, true]);
  });

  test.each(['before the answer', 'within the body'])(
    'ends with the reason of the signal: %s',
    async (moment) => {
      const stop = new AbortController();
      let closed: Promise<void> | undefined;
      const port = await listen((request, response) => {
        closed = new Promise((resolve) => request.socket.once('close', () => resolve()));
        if (moment === 'within the body') response.write('partial');
        setImmediate(() => stop.abort(new Error('canceled by the caller')));
      });
      const request = guardWith().trustedFetch(`http://127.0.0.1:${port}/`, {
        maxBytes: 100,
        signal: stop.signal,
      });
      await expect(request).rejects.toThrow('canceled by the caller');
      await closed;
      expect(stop.signal.aborted).toBe(true);
    },
  );

  test('a name that does not resolve is a failure, not a refusal', async () => {
    const request = guardWith().fetch('https://nowhere.example/', { maxBytes: 1 });
    await expect(request).rejects.toThrow('no such name');
  });
});
