import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { Shutdown } from '../../src/http/shutdown.ts';
import type { ShutdownOptions } from '../../src/http/shutdown.ts';
import { openSocket, readUntil, recordingLog, serve } from './local-server.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

async function start(listener: RequestListener, options: Partial<ShutdownOptions> = {}) {
  const local = await serve(listener);
  const log = recordingLog();
  const shutdown = new Shutdown({
    server: local.server,
    drainDelaySeconds: 0,
    graceSeconds: 10,
    drain: async () => undefined,
    log,
    ...options,
  });
  return { local, log, shutdown };
}

describe('Shutdown', () => {
  test('lets a request end, refuses new connections, and stops', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const { local, shutdown, log } = await start((_request, response) => arrived.resolve(response));
    const answer = fetch(local.url);
    const response = await arrived.promise;
    expect(shutdown.draining).toBe(false);
    const stopped = shutdown.stop();
    expect(shutdown.draining).toBe(true);
    await expect(openSocket(local.port, REQUEST)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    response.end('complete');
    expect(await (await answer).text()).toBe('complete');
    await stopped;
    expect(log.entries.map((entry) => entry.message)).toEqual(['shutting down', 'stopped']);
  });

  test('waits for the drain, which runs once however often it is stopped', async () => {
    let drains = 0;
    const gate = Promise.withResolvers<void>();
    const drain = (): Promise<void> => {
      drains += 1;
      return gate.promise;
    };
    const { shutdown } = await start((_request, response) => void response.end(), { drain });
    let over = false;
    const first = shutdown.stop().then(() => (over = true));
    const second = shutdown.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    gate.resolve();
    await Promise.all([first, second]);
    expect(drains).toBe(1);
  });

  test('goes on serving for the delay', async () => {
    const { local, shutdown } = await start((_request, response) => void response.end('served'), {
      drainDelaySeconds: 0.3,
    });
    const stopped = shutdown.stop();
    expect(await (await fetch(local.url)).text()).toBe('served');
    await stopped;
    await expect(openSocket(local.port, REQUEST)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('closes connections that only wait for a next request', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const { local, shutdown } = await start((_request, response) => arrived.resolve(response));
    const socket = await openSocket(local.port, REQUEST);
    const response = await arrived.promise;
    const startedAt = performance.now();
    const stopped = shutdown.stop();
    response.end('complete');
    await readUntil(socket, 'complete');
    await Promise.all([stopped, once(socket, 'close')]);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('tells callers on open connections to come back elsewhere', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const { local, shutdown } = await start((request, response) => {
      if (request.url === '/first') arrived.resolve(response);
      else response.end('second');
    });
    const socket = await openSocket(local.port, REQUEST.replace('/', '/first'));
    const first = await arrived.promise;
    const stopped = shutdown.stop();
    socket.write(REQUEST);
    first.end('first');
    expect(await readUntil(socket, 'second')).toMatch(/Connection: close\r\n/);
    await stopped;
  });

  test('cuts what does not end within the grace', async () => {
    const { local, shutdown, log } = await start((_request, response) => response.flushHeaders(), {
      graceSeconds: 0.1,
      drain: () => new Promise(() => undefined),
    });
    const socket = await openSocket(local.port, REQUEST);
    await once(socket, 'data');
    const cut = once(socket, 'close');
    await Promise.all([shutdown.stop(), cut]);
    expect(log.entries.map((entry) => entry.level)).toContain('warn');
  });

  test('stops although the drain fails', async () => {
    const error = new Error('cannot drain');
    const { shutdown, log } = await start((_request, response) => void response.end(), {
      drain: () => Promise.reject(error),
    });
    await shutdown.stop();
    expect(log.entries).toContainEqual({ level: 'error', message: 'draining failed', fields: { error } });
  });
});
