import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeRestError } from '../../src/http/error-writer.ts';
import { readJsonBody } from '../../src/http/json-body.ts';
import { Problem } from '../../src/http/problem.ts';
import { openSocket, readUntil, recordingLog, serve } from './local-server.ts';
import type { LocalServer } from './local-server.ts';

const MAX_BYTES = 1_000_000;
let server: LocalServer;

beforeAll(async () => {
  server = await serve((request, response) => {
    readJsonBody(request, { maxBytes: MAX_BYTES }).then(
      (value) => response.end(JSON.stringify({ value })),
      (error: unknown) => {
        if (error instanceof Problem) response.setHeader('Reason', error.reason);
        writeRestError(response, error, recordingLog(), '-');
      },
    );
  });
});
afterAll(async () => server[Symbol.asyncDispose]());

interface Answer {
  status: number;
  reason: string | null;
  body: unknown;
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(server.url, { method: 'POST', body, headers });
  return { status: answer.status, reason: answer.headers.get('reason'), body: await answer.json() };
}

async function refusal(body: string | Uint8Array<ArrayBuffer>): Promise<[number, string | null]> {
  const answer = await post(body);
  expect(answer.body).toEqual({
    error: { code: expect.any(String), message: expect.any(String), details: expect.any(Object) },
  });
  return [answer.status, answer.reason];
}

describe('a good body', () => {
  test('is its value', async () => {
    const value = {
      text: 'é🙂',
      list: [1, null, true],
      constructor: 'x',
      about: '__proto__',
      quoted: '\\u0000',
    };
    expect(await post(JSON.stringify(value))).toEqual({ status: 200, reason: null, body: { value } });
  });

  test('is undefined when empty', async () => {
    expect((await post('')).body).toEqual({});
    expect(await (await fetch(server.url)).json()).toEqual({});
  });

  test('may come in pieces that split a character', async () => {
    const bytes = Buffer.from(JSON.stringify({ text: '🙂'.repeat(3) }));
    const outgoing = httpRequest(server.url, { method: 'POST' });
    const answered = new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
    await pipeline(Readable.from(Array.from(bytes, (byte) => Buffer.from([byte]))), outgoing);
    const parts = await (await answered).toArray();
    expect(Buffer.concat(parts as Buffer[]).toString()).toBe('{"value":{"text":"🙂🙂🙂"}}');
  });

  test('may be escaped ASCII with pairs of surrogates', async () => {
    expect((await post('{"a":"\\ud83d\\ude42 \\u00e9"}')).body).toEqual({ value: { a: '🙂 é' } });
  });

  test('may be exactly as long as allowed', async () => {
    expect((await post(JSON.stringify('x'.repeat(MAX_BYTES - 2)))).status).toBe(200);
    expect(await refusal(JSON.stringify('x'.repeat(MAX_BYTES - 1)))).toEqual([413, 'payload_too_large']);
  });
});

describe('a body that is too large', () => {
  test('is refused by its length before it comes, and the connection goes on', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\n';
    const socket = await openSocket(server.port, `${head}Content-Length: 5000000\r\n\r\n`);
    const answer = await readUntil(socket, '"max_bytes":1000000}}}');
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    socket.write(Buffer.alloc(5_000_000, 0x20));
    socket.write(`${head}Content-Length: 2\r\n\r\n{}`);
    expect(await readUntil(socket, '{"value":{}}')).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  test('is refused without a length too, and the answer reaches a sender who sends all first', async () => {
    const socket = await openSocket(
      server.port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const size = 500_000;
    const chunk = Buffer.concat([
      Buffer.from(`${size.toString(16)}\r\n`),
      Buffer.alloc(size, 0x20),
      Buffer.from('\r\n'),
    ]);
    socket.pause();
    for (let count = 0; count < 40; count += 1) {
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    socket.write('0\r\n\r\n');
    expect(await readUntil(socket, '"max_bytes":1000000}}}')).toMatch(/^HTTP\/1.1 413 /);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
    expect(await readUntil(socket, '{"value":{}}')).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });
});

describe('a hostile body', () => {
  test('of 200,000 levels is answered at once', async () => {
    const startedAt = performance.now();
    expect(await refusal('['.repeat(200_000) + ']'.repeat(200_000))).toEqual([400, 'invalid_message']);
    expect(await refusal('{"a":'.repeat(150_000))).toEqual([400, 'invalid_message']);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('may have 64 levels and not 65; brackets in texts do not count', async () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect((await post(nested(64))).status).toBe(200);
    expect(await refusal(nested(65))).toEqual([400, 'invalid_message']);
    expect((await post(JSON.stringify(`\\"${nested(100)}`))).status).toBe(200);
  });

  test.each([
    '{"__proto__":{"admin":true}}',
    '[{"a":{"__proto__":1}}]',
    '{"\\u005f_proto__":1}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"constr\\u0075ctor":{"protot\\u0079pe":{}}}',
    '{"a":"x\\u0000"}',
    '{"a\\u0000":1}',
    '{"a":"\\ud800"}',
    '["\\uDFFF"]',
  ])('with bad keys or texts: %s', async (body) => {
    expect(await refusal(body)).toEqual([400, 'invalid_message']);
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['cut off', '{"secret":"canary'],
    ['words', 'canary'],
    ['a NUL', '{"a":"canary\0"}'],
    ['bad UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['a raw surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['white space', ' \n'],
  ])('that is no JSON (%s) is not quoted back', async (_name, body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, reason: 'malformed_json' });
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  test('that is compressed is refused unread; identity is none', async () => {
    const compressed = new Uint8Array(gzipSync('{}'));
    const answer = await post(compressed, { 'Content-Encoding': 'gzip' });
    expect([answer.status, answer.reason]).toEqual([415, 'content_type_not_supported']);
    expect((await post('{}', { 'Content-Encoding': 'Identity' })).status).toBe(200);
  });
});

describe('a sender who leaves', () => {
  test.each(['before it is read', 'while it is read'])('%s ends the reading', async (moment) => {
    const read = Promise.withResolvers<unknown>();
    await using local = await serve((request) => {
      const start = (): void => read.resolve(readJsonBody(request, { maxBytes: 100 }));
      if (moment === 'while it is read') start();
      else request.once('close', start);
      request.on('error', () => undefined);
      socket.destroy();
    });
    const socket = await openSocket(local.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{');
    await expect(read.promise).rejects.toMatchObject({ reason: 'malformed_json' });
  });
});
