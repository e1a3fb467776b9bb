import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { requestContext, requestIdOf } from '../../src/http/request-context.ts';
import { openSocket, recordingLog, serve } from './local-server.ts';

function application() {
  const log = recordingLog();
  const app = express();
  app.use(requestContext(log));
  app.get('/id', (request, response) => void response.status(202).send(requestIdOf(request)));
  return { log, app };
}

describe('requestContext', () => {
  test('keeps the id of the caller', async () => {
    await using server = await serve(application().app);
    const answer = await fetch(`${server.url}/id`, { headers: { 'X-Request-Id': 'My.id_1-2' } });
    expect(answer.headers.get('x-request-id')).toBe('My.id_1-2');
    expect(await answer.text()).toBe('My.id_1-2');
  });

  test.each(['has space', 'x'.repeat(65), '<script>', ''])('makes its own instead of %j', async (given) => {
    await using server = await serve(application().app);
    const answer = await fetch(`${server.url}/id`, { headers: { 'X-Request-Id': given } });
    const id = answer.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(await answer.text()).toBe(id);
  });

  test('writes one debug line per finished request, without the query', async () => {
    const { app, log } = application();
    const closed = Promise.withResolvers<void>();
    await using server = await serve((request, response) => {
      app(request, response);
      response.once('close', closed.resolve);
    });
    await fetch(`${server.url}/id?userText=private`, { headers: { 'X-Request-Id': 'r-1' } });
    await closed.promise;
    expect(log.entries).toEqual([
      {
        level: 'debug',
        message: 'request',
        fields: { requestId: 'r-1', method: 'GET', path: '/id', status: 202, ms: expect.any(Number) },
      },
    ]);
  });

  test('says when the answer was cut off', async () => {
    const { app, log } = application();
    app.get('/hang', (_request, response) => response.flushHeaders());
    const closed = Promise.withResolvers<void>();
    await using server = await serve((request, response) => {
      app(request, response);
      response.once('close', closed.resolve);
    });
    const socket = await openSocket(server.port, 'GET /hang HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    await closed.promise;
    expect(log.entries[0]?.fields).toMatchObject({ path: '/hang', cutOff: true });
  });

  test('a request that it never saw has no id', async () => {
    await using server = await serve((request, response) => void response.end(requestIdOf(request)));
    expect(await (await fetch(server.url)).text()).toBe('-');
  });
});
