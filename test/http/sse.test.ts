import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KeepAlive } from '../../src/http/keep-alive.ts';
import { SseWriter } from '../../src/http/sse.ts';
import { openSocket, readUntil, serve } from './local-server.ts';
import type { LocalServer } from './local-server.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const BIG_FRAME = `data: ${'x'.repeat(65_536)}\n\n`;

let server: LocalServer;
let responses: (response: ServerResponse) => void;
let keepAlive: KeepAlive;

beforeEach(async () => {
  keepAlive = new KeepAlive(0.2);
  server = await serve((_request, response) => responses(response));
});
afterEach(async () => {
  keepAlive.stop();
  await server[Symbol.asyncDispose]();
});

/** A stream and the socket of its reader, who does not read by itself. */
async function openStream(): Promise<{ writer: SseWriter; response: ServerResponse; reader: Socket }> {
  const arrived = Promise.withResolvers<ServerResponse>();
  responses = arrived.resolve;
  const reader = await openSocket(server.port, REQUEST);
  reader.on('error', () => undefined);
  const response = await arrived.promise;
  return { writer: new SseWriter(response, keepAlive), response, reader };
}

/** Writes more than the sockets of both sides hold. The promise says when the reader has taken it. */
function fill(writer: SseWriter): Promise<void> {
  return (
    writer.write(`data: ${'x'.repeat(32_000_000)}\n\n`) ?? Promise.reject(new Error('the socket took it'))
  );
}

function closing(writer: SseWriter): Promise<void> {
  return new Promise((resolve) => writer.onClose(resolve));
}

describe('SseWriter', () => {
  test('sends its headers at once, then what is written, then ends', async () => {
    const { writer, reader } = await openStream();
    writer.open({ 'X-Extra': 'yes', 'Content-Type': 'text/plain' });
    const head = await readUntil(reader, '\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 200 /);
    expect(head).toMatch(/X-Extra: yes\r\n/);
    expect(head).toMatch(/Content-Type: text\/event-stream\r\n/);
    expect(head).toMatch(/Cache-Control: no-cache, no-transform\r\n/);
    expect(head).toMatch(/X-Accel-Buffering: no\r\n/);
    expect(writer.write('id: 1\ndata: é\n\n')).toBeUndefined();
    expect(await readUntil(reader, '\n\n')).toContain('id: 1\ndata: é\n\n');
    const over = closing(writer);
    writer.end();
    expect(writer.closed).toBe(true);
    await readUntil(reader, '0\r\n\r\n');
    await over;
    expect(keepAlive.size).toBe(0);
    expect(writer.write('late')).toBeUndefined();
  });

  test('gives everything to a reader at the end of a burst', async () => {
    responses = (response) => {
      const writer = new SseWriter(response, keepAlive);
      writer.open();
      for (let index = 0; index < 20; index += 1) void writer.write(`data: ${index}\n\n`);
      writer.end();
    };
    const text = await (await fetch(server.url)).text();
    expect(text).toBe(Array.from({ length: 20 }, (_, index) => `data: ${index}\n\n`).join(''));
  });

  test('waits for a full socket and goes on when it has room', async () => {
    const { writer, reader } = await openStream();
    writer.open();
    const drained = fill(writer);
    reader.resume();
    await drained;
    expect(writer.closed).toBe(false);
    reader.destroy();
    await closing(writer);
  });

  test('cuts a reader that does not read', async () => {
    const { writer, response } = await openStream();
    writer.open();
    keepAlive.start(0.05);
    await fill(writer);
    expect(writer.closed).toBe(true);
    expect(response.destroyed).toBe(true);
    expect(keepAlive.size).toBe(0);
  });

  test('cuts a reader that does not read the end', async () => {
    const { writer } = await openStream();
    writer.open();
    void fill(writer);
    const over = closing(writer);
    writer.end();
    keepAlive.start(0.05);
    await over;
    expect(keepAlive.size).toBe(0);
  });

  test('cuts a reader that falls a megabyte behind a writer who does not wait', async () => {
    const { writer, response } = await openStream();
    writer.open();
    let backlog = 0;
    for (let count = 0; count < 1000 && !response.destroyed; count += 1) {
      backlog = response.writableLength;
      void writer.write(BIG_FRAME);
    }
    expect(response.destroyed).toBe(true);
    expect(backlog).toBeGreaterThan(1_000_000);
    expect(backlog).toBeLessThan(1_200_000);
    await closing(writer);
    expect(writer.closed).toBe(true);
  });

  test('takes one frame of two megabytes', async () => {
    const { writer, reader } = await openStream();
    writer.open();
    const drained = writer.write(`data: ${'x'.repeat(2_000_000)}\n\n`);
    await Promise.all([drained, readUntil(reader, 'x\n\n')]);
    expect(writer.closed).toBe(false);
  });

  test('notices a reader who leaves, and lets a waiting writer go', async () => {
    const { writer, reader } = await openStream();
    writer.open();
    const drained = fill(writer);
    reader.destroy();
    await drained;
    expect(writer.closed).toBe(true);
    await closing(writer);
  });

  test('is closed from the start for a reader who has left before', async () => {
    const { writer, response, reader } = await openStream();
    const left = once(response, 'close');
    reader.destroy();
    await left;
    writer.open();
    expect(writer.closed).toBe(true);
    expect(keepAlive.size).toBe(0);
    await closing(writer);
  });
});

describe('KeepAlive', () => {
  test('comments on an idle stream again and again', async () => {
    const { writer, reader } = await openStream();
    writer.open();
    keepAlive.start(0.02);
    const received = await readUntil(reader, ': keep-alive\n\n');
    expect(received).not.toContain('data:');
    await readUntil(reader, ': keep-alive\n\n');
    expect(writer.closed).toBe(false);
  });

  test('counts its ticks and tells every open stream, and only those', async () => {
    const clock = new KeepAlive();
    const ticks = Promise.withResolvers<number[]>();
    const gone = { tick: () => ticks.reject(new Error('told after it was deleted')) };
    clock.add(gone);
    clock.delete(gone);
    clock.add({ tick: (...values) => ticks.resolve(values) });
    clock.start(0.02);
    expect(await ticks.promise).toEqual([1, 1, 1500]);
    clock.stop();
    expect([clock.now, clock.size]).toEqual([1, 1]);
  });

  test('comments at the interval asked for or a little sooner, and cuts after 30 seconds', async () => {
    const limitsFor = async (seconds: number): Promise<number[]> => {
      const clock = new KeepAlive();
      const ticks = Promise.withResolvers<number[]>();
      clock.add({ tick: (_now, ...limits) => ticks.resolve(limits) });
      clock.start(seconds);
      const limits = await ticks.promise;
      clock.stop();
      return limits;
    };
    const limits = await Promise.all([limitsFor(15), limitsFor(2.5), limitsFor(0.5)]);
    expect(limits).toEqual([
      [15, 30],
      [2, 30],
      [1, 60],
    ]);
  });
});
