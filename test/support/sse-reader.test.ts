import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { collect, cutAfter, openOnSocket, parseSse, readSse, take, type SseFrame } from './sse-reader.ts';
import { until } from './wait.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves the listener on a free port and answers its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The server has no address');
  return `http://127.0.0.1:${address.port}/`;
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('parseSse', () => {
  const text = [
    '\uFEFFid: 1-1\nevent: step\ndata: {"a":\ndata:"ü€😀"}\n\n',
    ': keep-alive\n\n',
    'id: 1-2\r\ndata:  two spaces\r\n\r\n',
    'id: 1-3\rdata: three\r\r',
    'data\n\nid: bad\0\nretry: 3\n\nid\ndata: x\n\n',
    'data: cut off\n',
  ].join('');
  const frames = [
    { id: '1-1', event: 'step', data: '{"a":\n"ü€😀"}' },
    { data: '', comment: 'keep-alive' },
    { id: '1-2', data: ' two spaces' },
    { id: '1-3', data: 'three' },
    { data: '' },
    { id: '', data: 'x' },
  ];

  test.each([1, 2, 3, 7, 1000])('in chunks of %i bytes', async (size) => {
    const read: SseFrame[] = [];
    for await (const frame of parseSse(chunksOf(new TextEncoder().encode(text), size))) read.push(frame);
    expect(read).toEqual(frames);
  });

  test('a carriage return ends the last event of a stream', async () => {
    const chunks = chunksOf(new TextEncoder().encode('data: last\r\r'), 100);
    expect(await collect(parseSse(chunks))).toEqual([{ data: 'last' }]);
  });
});

describe('over a server', () => {
  const endless: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n: pause\n\ndata: 2\n\ndata: 3\n\n');
  };

  test('take leaves the stream open, and says when it ends too soon', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.end('data: 1\n\n: pause\n\ndata: 2\n\ndata: 3\n\n');
    });
    const frames = readSse(await fetch(url));
    expect(await take(frames, 2)).toEqual([{ data: '1' }, { data: '2' }]);
    await expect(take(frames, 2)).rejects.toThrow('The stream ended after 1 of 2 events');
  });

  test('an answer that is no stream is an error that shows it', async () => {
    const url = await serve((_, response) => void response.writeHead(404).end('nobody'));
    await expect(collect(readSse(await fetch(url)))).rejects.toThrow('No event stream: 404  nobody');
  });

  test('cutAfter breaks the connection', async () => {
    let closed = false;
    const url = await serve((request, response) => {
      response.on('close', () => (closed = true));
      endless(request, response);
    });
    const events = await cutAfter(2, (signal) => fetch(url, { signal }));
    expect(events).toEqual([{ data: '1' }, { data: '2' }]);
    await until(() => closed, { what: 'the server to see the connection close' });
  });

  test('openOnSocket sends the request and gives the socket away', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.method, request.headers['x-one']);
      request.setEncoding('utf8').on('data', (chunk) => seen.push(chunk));
      request.on('end', () => endless(request, response));
      response.on('close', () => seen.push('closed'));
    });
    const stream = await openOnSocket(url, { method: 'POST', headers: { 'x-one': '1' }, body: '{}' });
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(await take(stream.frames, 1)).toEqual([{ data: '1' }]);
    stream.socket.resetAndDestroy();
    await until(() => seen.includes('closed'), { what: 'the server to see the reset' });
    expect(seen).toEqual(['POST', '1', '{}', 'closed']);
    await expect(take(stream.frames, 3)).rejects.toThrow();
  });
});

describe('until', () => {
  test('answers what the condition gave', async () => {
    let turns = 0;
    const value = await until(() => (turns++ > 100 ? 'there' : undefined), { what: 'the value' });
    expect(value).toBe('there');
  });

  test('names what did not happen', async () => {
    const waiting = until(() => false, { what: 'the moon', timeoutMs: 20 });
    await expect(waiting).rejects.toThrow('Waited 20 ms for the moon');
  });

  test('passes on what the condition throws', async () => {
    const waiting = until(() => Promise.reject(new Error('broken')), { what: 'nothing' });
    await expect(waiting).rejects.toThrow('broken');
  });
});
