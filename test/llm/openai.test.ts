import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/llm/model.ts';
import { createOpenAiModel } from '../../src/llm/openai.ts';
import type { ProviderRecord } from '../../src/llm/provider.ts';
import * as replies from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type Script } from '../support/model-server.ts';
import { asking, complete, failureOf } from './completion.ts';

const key = 'sk-canary-3141592653589793';
let server: ModelServer;

async function modelFor(script: Script, changes: Partial<ProviderRecord> = {}) {
  server = await startModelServer(script);
  return createOpenAiModel(server.provider({ apiKey: key, ...changes }));
}

afterEach(async () => {
  await server.close();
});

describe('a completion', () => {
  test('is streamed as it comes, then finished with usage', async () => {
    const wait = replies.gate();
    const model = await modelFor(replies.text('Hel', wait, 'lo'));
    const stream = model.complete(asking(), new AbortController().signal)[Symbol.asyncIterator]();
    expect(await stream.next()).toEqual({ done: false, value: { kind: 'text', text: 'Hel' } });
    wait.open();
    expect(await stream.next()).toEqual({ done: false, value: { kind: 'text', text: 'lo' } });
    expect((await stream.next()).value).toEqual({
      kind: 'finished',
      toolCalls: [],
      finishReason: 'stop',
      usage: { promptTokens: 7, completionTokens: 5 },
    });
    expect((await stream.next()).done).toBe(true);
  });

  test('asks for a stream with usage, with the key and all that the request holds', async () => {
    const model = await modelFor(replies.text('ok'));
    await complete(model, {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Where is 42?' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'find', arguments: '{"id":42}' }] },
        { role: 'tool', toolCallId: 'c1', content: 'shipped' },
      ],
      tools: [{ name: 'find', description: 'Finds.', parameters: { type: 'object' } }],
      temperature: 0,
      responseSchema: { name: 'answer', schema: { type: 'object' } },
    });
    const { body, headers, path } = await server.request(0);
    expect(path).toBe('/v1/chat/completions');
    expect(headers.authorization).toBe(`Bearer ${key}`);
    expect(body).toEqual({
      model: 'scripted-1',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Where is 42?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"id":42}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'shipped' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'find', description: 'Finds.', parameters: { type: 'object' } },
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: false },
      },
    });
  });

  test('works without a key, and with bytes cut anywhere', async () => {
    const model = await modelFor(replies.byteByByte('Grüße ', '👋 aus ', 'Köln'), { apiKey: undefined });
    expect((await complete(model)).text).toBe('Grüße 👋 aus Köln');
    expect((await server.request(0)).headers.authorization).toBe('Bearer none');
  });

  test('keeps its connection for the next one', async () => {
    const model = await modelFor(replies.text('ok'));
    for (let round = 0; round < 5; round += 1) await complete(model);
    expect(server.requests).toHaveLength(5);
    expect(server.connections).toBeLessThan(5);
  });

  test('a refusal is text, and what is missing after the finish reason spoils nothing', async () => {
    const model = await modelFor([
      replies.frames(replies.chunk({ refusal: 'I will not.' }), replies.chunk({}, 'stop'), '[DONE]'),
      replies.frames(replies.chunk({ content: 'whole' }), replies.chunk({}, 'length'), '{"broken'),
    ]);
    expect((await complete(model)).text).toBe('I will not.');
    const second = await complete(model);
    expect(second).toMatchObject({ text: 'whole', finished: { finishReason: 'length' } });
    expect(second.finished?.usage).toBeUndefined();
  });
});

describe('tool calls', () => {
  const call = (delta: object) => replies.chunk({ tool_calls: [delta] });
  const end = [replies.chunk({}, 'tool_calls'), '[DONE]'];

  test('are joined from their deltas', async () => {
    const model = await modelFor(
      replies.toolCalls([
        { name: 'find', arguments: { q: 'one' }, id: 'a' },
        { name: 'read', arguments: { id: 2 }, id: 'b' },
      ]),
    );
    expect((await complete(model)).finished).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'a', name: 'find', arguments: '{"q":"one"}' },
        { id: 'b', name: 'read', arguments: '{"id":2}' },
      ],
    });
  });

  test.each<[string, unknown[], object[]]>([
    [
      'repeated names',
      [
        call({ index: 0, id: 'a', function: { name: 'find', arguments: '{"q"' } }),
        call({ index: 0, id: 'a', function: { name: 'find', arguments: ':1}' } }),
      ],
      [{ id: 'a', name: 'find', arguments: '{"q":1}' }],
    ],
    [
      'whole calls that all have the index 0',
      [
        call({ index: 0, id: 'a', function: { name: 'find', arguments: '{}' } }),
        call({ index: 0, id: 'b', function: { name: 'find', arguments: '{"q":2}' } }),
      ],
      [
        { id: 'a', name: 'find', arguments: '{}' },
        { id: 'b', name: 'find', arguments: '{"q":2}' },
      ],
    ],
    [
      'no index and no id',
      [
        call({ function: { name: 'find', arguments: '{"q":' } }),
        call({ function: { arguments: '1}' } }),
        call({ function: { name: 'read', arguments: '{}' } }),
      ],
      [
        { id: expect.stringMatching(/^call_/), name: 'find', arguments: '{"q":1}' },
        { id: expect.stringMatching(/^call_/), name: 'read', arguments: '{}' },
      ],
    ],
    [
      'arguments as an object, or none',
      [
        call({ index: 0, id: 'a', function: { name: 'find', arguments: { q: 1 } } }),
        call({ index: 1, id: 'b', function: { name: 'now' } }),
      ],
      [
        { id: 'a', name: 'find', arguments: '{"q":1}' },
        { id: 'b', name: 'now', arguments: '{}' },
      ],
    ],
  ])('are understood with %s', async (_case, chunks, expected) => {
    const model = await modelFor(replies.frames(...chunks, ...end));
    expect((await complete(model)).finished?.toolCalls).toEqual(expected);
  });
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

describe('an abort', () => {
  const reason = new Error('the caller cancelled');

  test('before the call throws its reason and asks nobody', async () => {
    const model = await modelFor(replies.text('never'));
    expect((await failureOf(model, asking(), AbortSignal.abort(reason))).error).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });

  test.each([
    ['before the first byte', replies.hang()],
    ['in the middle of the stream', replies.hangAfter('Hel')],
  ])('%s throws its reason and closes the connection', async (_case, reply) => {
    const model = await modelFor(reply);
    const controller = new AbortController();
    const failure = failureOf(model, asking(), controller.signal);
    const request = await server.request(0);
    controller.abort(reason);
    expect((await failure).error).toBe(reason);
    await request.aborted;
  });

  test('a reader that leaves closes the connection too', async () => {
    const model = await modelFor(replies.hangAfter('Hel'));
    for await (const chunk of model.complete(asking(), new AbortController().signal)) {
      expect(chunk).toEqual({ kind: 'text', text: 'Hel' });
      break;
    }
    await (
      await server.request(0)
    ).aborted;
  });
});
