import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/llm/model.ts';
import { createOpenAiModel } from '../../src/llm/openai.ts';
import type { ProviderRecord } from '../../src/llm/provider.ts';
import * as replies from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type Script } from '../support/model-server.ts';
import { failureOf } from './completion.ts';

const key = 'sk-canary-3141592653589793';
let server: ModelServer;

async function modelFor(script: Script, changes: Partial<ProviderRecord> = {}) {
  server = await startModelServer(script);
  return createOpenAiModel(server.provider({ apiKey: key, ...changes }));
}

afterEach(async () => {
  await server.close();
});

describe('a fault of the provider', () => {
  const slow = { timeoutSeconds: 0.15 };
  const error = { message: `bad key ${key}`, code: 'context_length_exceeded' };
  const midStream = replies.chunk({ content: 'Hel' });

  test.each<[string, Script, Partial<ProviderRecord>, string, string, boolean]>([
    ['429', replies.status(429, { headers: { 'retry-after': '3' } }), {}, 'rate_limited', '', true],
    ['500', replies.status(500), {}, 'unavailable', '', true],
    ['503 as a page', replies.html(503), {}, 'unavailable', '', true],
    ['401', replies.status(401, { error }), {}, 'unauthorized', '', false],
    ['403', replies.status(403), {}, 'unauthorized', '', false],
    ['400', replies.status(400, { error }), {}, 'rejected', '', false],
    ['404', replies.status(404), {}, 'rejected', '', false],
    ['a page with status 200', replies.html(), {}, 'malformed', '', true],
    ['a stream of something else', replies.frames({ type: 'ping' }), {}, 'malformed', '', true],
    ['an empty stream', replies.frames(), {}, 'malformed', '', true],
    ['malformed frames', replies.malformed(), {}, 'malformed', '', true],
    ['malformed frames in the middle', replies.malformed('Hel'), {}, 'malformed', 'Hel', true],
    ['a frame that is no object', replies.frames('42'), {}, 'malformed', '', true],
    [
      'a call without a name',
      replies.frames(replies.chunk({ tool_calls: [{ index: 0 }] }, 'stop')),
      {},
      'malformed',
      '',
      true,
    ],
    ['no finish reason', replies.truncated('Hel'), {}, 'truncated', 'Hel', true],
    ['a cut connection', replies.cut(), {}, 'unavailable', '', true],
    ['a connection cut in the middle', replies.cut('Hel'), {}, 'truncated', 'Hel', true],
    [
      'an error inside the stream',
      replies.frames(midStream, { error: { message: key } }),
      {},
      'unavailable',
      'Hel',
      true,
    ],
    [
      'a limit inside the stream',
      replies.frames({ error: { code: 429, message: key } }),
      {},
      'rate_limited',
      '',
      true,
    ],
    ['no answer', replies.hang(), slow, 'timeout', '', true],
    ['silence in the middle', replies.hangAfter('Hel'), slow, 'timeout', 'Hel', true],
    ['a byte now and then', replies.trickle(20), slow, 'timeout', '', true],
  ])('%s', async (_case, script, changes, kind, text, retryable) => {
    const failure = await failureOf(await modelFor(script, changes));
    expect(failure.error).toBeInstanceOf(ModelError);
    const found = failure.error as ModelError;
    expect({ kind: found.kind, llmId: found.llmId, retryable: found.retryable, text: failure.text }).toEqual({
      kind,
      llmId: 'scripted',
      retryable,
      text,
    });
    expect(found.message).toContain('"scripted"');
    const said = `${found.message} ${String(found.stack)} ${JSON.stringify(found)} ${String(found.cause)}`;
    expect(said).not.toContain(key);
    expect(said).not.toContain('127.0.0.1');
  });

  test('nobody listens', async () => {
    const model = await modelFor(replies.text('never'));
    await server.close();
    expect((await failureOf(model)).error).toMatchObject({ kind: 'unavailable' });
    server = await startModelServer(replies.text(''));
  });

  test('the wait that the provider asks for is passed on', async () => {
    const inAWhile = new Date(Date.now() + 60_000).toUTCString();
    const model = await modelFor([
      replies.status(429, { headers: { 'retry-after': '3' } }),
      replies.status(503, { headers: { 'retry-after-ms': '250' } }),
      replies.status(429, { headers: { 'retry-after': inAWhile } }),
      replies.status(429),
    ]);
    expect((await failureOf(model)).error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 3000 });
    expect((await failureOf(model)).error).toMatchObject({ kind: 'unavailable', retryAfterMs: 250 });
    const dated = (await failureOf(model)).error as ModelError;
    expect(dated.retryAfterMs).toBeGreaterThan(50_000);
    expect(((await failureOf(model)).error as ModelError).retryAfterMs).toBeUndefined();
  });

  test('it is tried once: retries stand elsewhere', async () => {
    await failureOf(await modelFor(replies.status(500)));
    expect(server.requests).toHaveLength(1);
  });

  test('an error body that never ends is a time-out', async () => {
    const endless = createServer((_request, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.write('{"error":');
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const { port } = endless.address() as AddressInfo;
    const model = await modelFor(replies.text(''), { ...slow, baseUrl: `http://127.0.0.1:${port}/v1` });
    expect((await failureOf(model)).error).toMatchObject({ kind: 'timeout' });
    endless.closeAllConnections();
    await new Promise((resolve) => endless.close(resolve));
  });
});
