import { afterEach, describe, expect, test } from '@jest/globals';
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
