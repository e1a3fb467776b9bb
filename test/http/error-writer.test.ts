import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { restStatus, toProblem } from '../../src/http/error-table.ts';
import { notFoundHandler, restErrorHandler } from '../../src/http/error-writer.ts';
import { Problem } from '../../src/http/problem.ts';
import { requestContext } from '../../src/http/request-context.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { recordingLog, serve } from './local-server.ts';

/** Asks a server whose only route throws `error`. */
async function answerTo(error: unknown) {
  const log = recordingLog();
  const app = express();
  app.use(requestContext(log));
  app.get('/fail', () => {
    throw error;
  });
  app.get('/items/:id', (_request, response) => void response.end());
  app.use(notFoundHandler());
  app.use(restErrorHandler(log));
  await using server = await serve(app);
  const get = async (path: string) => {
    const answer = await fetch(server.url + path, { headers: { 'X-Request-Id': 'r-1' } });
    const { 'retry-after': retryAfter, 'www-authenticate': challenge } = Object.fromEntries(answer.headers);
    return { status: answer.status, retryAfter, challenge, text: await answer.text() };
  };
  return {
    ...(await get('/fail')),
    log,
    other: await get('/nothing'),
    badPath: await get('/items/%E0%A4%A'),
  };
}

describe('restErrorHandler', () => {
  test('answers with the reason in its own shape', async () => {
    const problem = new Problem('invalid_request', 'name is missing', {
      details: { fields: { name: 'required' } },
    });
    const { status, text } = await answerTo(problem);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      error: {
        code: 'invalid_request',
        message: 'name is missing',
        details: { fields: { name: 'required' } },
      },
    });
  });

  test('says the same to whoever has no valid credentials', async () => {
    const causes = [
      new Problem('unauthorized', 'expired', { details: { key: 'k' } }),
      new Problem('unauthorized', 'unknown'),
    ];
    const [first, second] = await Promise.all(causes.map(answerTo));
    expect(first?.text).toBe(second?.text);
    expect(first).toMatchObject({
      status: 401,
      challenge: 'SSWS realm="a2a-gateway", Bearer realm="a2a-gateway"',
    });
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ error: { code: 'unauthorized', details: {} } });
  });

  test('says when to come back', async () => {
    const limited = await answerTo(new Problem('rate_limited', 'slow down', { retryAfterSeconds: 2.1 }));
    expect(limited).toMatchObject({ status: 429, retryAfter: '3', challenge: undefined });
    const unavailable = await answerTo(new StoreUnavailableError('redis://user:canary@host is away'));
    expect(unavailable).toMatchObject({ status: 503, retryAfter: '1' });
    expect(unavailable.text).toContain('"store_unavailable"');
    expect(unavailable.text).not.toContain('canary');
  });

  test.each([new TypeError('canary is not a function'), 'canary'])(
    'hides what is its own fault and logs it',
    async (error) => {
      const { status, text, log } = await answerTo(error);
      expect(status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal_error', details: {} } });
      expect(text).not.toMatch(/canary|\.ts/);
      expect(log.entries).toContainEqual({
        level: 'error',
        message: 'request failed',
        fields: { requestId: 'r-1', reason: 'internal_error', error },
      });
    },
  );

  test('answers for what is not there and for paths that cannot be decoded', async () => {
    const { other, badPath } = await answerTo(new Error('x'));
    expect([other.status, badPath.status]).toEqual([404, 400]);
    expect(other.text).toContain('"not_found"');
    expect(badPath.text).toContain('"invalid_request"');
  });

  test('cuts off an answer that has begun', async () => {
    const app = express();
    app.get('/', (_request, response) => {
      response.write('begun');
      throw new Error('too late');
    });
    app.use(restErrorHandler(recordingLog()));
    await using server = await serve(app);
    const reading = fetch(server.url).then((answer) => answer.text());
    await expect(reading).rejects.toThrow();
  });
});

describe('the table', () => {
  test('has one status per code, but for a content type that is not taken', () => {
    const statuses = new Map<string, Set<number>>();
    for (const { status, code } of Object.values(restStatus)) {
      statuses.set(code, (statuses.get(code) ?? new Set()).add(status));
    }
    const several = Array.from(statuses).filter(([, found]) => found.size > 1);
    expect(several).toEqual([['invalid_request', new Set([400, 415])]]);
  });

  test('leaves a problem as it is', () => {
    const problem = new Problem('timeout', 'The model took too long.');
    expect(toProblem(problem)).toBe(problem);
  });
});
