import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { liveHandler, readyHandler } from '../../src/http/health.ts';
import type { ReadyChecks } from '../../src/http/health.ts';
import { serve } from './local-server.ts';

async function ask(path: string, checks: Partial<ReadyChecks> = {}): Promise<[number, unknown]> {
  const app = express();
  app.get('/health/live', liveHandler());
  app.get('/health/ready', readyHandler({ draining: () => false, ping: async () => undefined, ...checks }));
  await using server = await serve(app);
  const answer = await fetch(server.url + path);
  return [answer.status, await answer.json()];
}

const hangs = (): Promise<void> => new Promise(() => undefined);
const fails = (): Promise<void> => Promise.reject(new Error('canary'));

describe('health', () => {
  test('live is always ok', async () => {
    expect(await ask('/health/live', { draining: () => true, ping: fails })).toEqual([200, { status: 'ok' }]);
  });

  test('ready is ok when the store answers', async () => {
    expect(await ask('/health/ready')).toEqual([200, { status: 'ok' }]);
  });

  test.each<[string, Partial<ReadyChecks>, string[]]>([
    ['draining', { draining: () => true }, ['draining']],
    ['a store that fails', { ping: fails }, ['store']],
    ['both', { draining: () => true, ping: fails }, ['draining', 'store']],
  ])('ready names what is not: %s', async (_name, checks, expected) => {
    expect(await ask('/health/ready', checks)).toEqual([503, { status: 'unavailable', not_ready: expected }]);
  });

  test('a store that does not answer is not waited for longer than a second', async () => {
    const startedAt = performance.now();
    const answer = await ask('/health/ready', { ping: hangs });
    expect(answer).toEqual([503, { status: 'unavailable', not_ready: ['store'] }]);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
});
