import { afterEach, describe, expect, test } from '@jest/globals';
import { completeWithFallback, type AnswerChunk } from '../../src/llm/fallback.ts';
import { ModelError, type Model } from '../../src/llm/model.ts';
import { createOpenAiModel } from '../../src/llm/openai.ts';
import { withResilience } from '../../src/llm/resilience.ts';
import * as replies from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type Script } from '../support/model-server.ts';
import { asking, never } from './completion.ts';

const servers: ModelServer[] = [];

/** A model with this id and a server of its own. */
async function start(id: string, script: Script): Promise<{ model: Model; server: ModelServer }> {
  const server = await startModelServer(script);
  servers.push(server);
  const price = { inputPerMillion: 1, outputPerMillion: 2 };
  const provider = server.provider({ id, model: `${id}-large`, price, timeoutSeconds: 0.2 });
  const model = withResilience(createOpenAiModel(provider), { maxConcurrency: 5, retryBaseMs: 1 });
  return { model, server };
}

async function read(models: readonly Model[], signal = never): Promise<AnswerChunk[]> {
  const chunks: AnswerChunk[] = [];
  for await (const chunk of completeWithFallback(models, asking(), signal)) chunks.push(chunk);
  return chunks;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test('who answers comes first, then the chunks as they are', async () => {
  const { model } = await start('first', replies.text('a'));
  expect(await read([model])).toEqual([
    {
      kind: 'started',
      llmId: 'first',
      model: 'first-large',
      price: { inputPerMillion: 1, outputPerMillion: 2 },
    },
    { kind: 'text', text: 'a' },
    {
      kind: 'finished',
      toolCalls: [],
      finishReason: 'stop',
      usage: { promptTokens: 7, completionTokens: 5 },
    },
  ]);
});

describe('the next model answers', () => {
  test.each<[string, Script, number]>([
    ['500, after the retries', replies.status(500), 3],
    ['429', replies.status(429, { headers: { 'retry-after': '60' } }), 1],
    ['401', replies.status(401), 1],
    ['a page', replies.html(), 1],
    ['no answer', replies.hang(), 1],
  ])('on %s', async (_case, script, tries) => {
    const first = await start('first', script);
    const second = await start('second', replies.text('ok'));
    const chunks = await read([first.model, second.model]);
    expect(chunks[0]).toMatchObject({ kind: 'started', llmId: 'second' });
    expect(chunks.filter((chunk) => chunk.kind === 'started')).toHaveLength(1);
    expect(chunks[1]).toEqual({ kind: 'text', text: 'ok' });
    expect([first.server.requests.length, second.server.requests.length]).toEqual([tries, 1]);
  });
});

describe('the next model is not asked', () => {
  test.each<[string, Script, string]>([
    ['on 400', replies.status(400), 'rejected'],
    ['after the first token', replies.cut('Hel'), 'truncated'],
  ])('%s', async (_case, script, kind) => {
    const first = await start('first', script);
    const second = await start('second', replies.text('ok'));
    await expect(read([first.model, second.model])).rejects.toMatchObject({ kind, llmId: 'first' });
    expect(second.server.requests).toHaveLength(0);
  });

  test('after an abort', async () => {
    const first = await start('first', replies.hang());
    const second = await start('second', replies.text('ok'));
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const answer = read([first.model, second.model], controller.signal);
    const request = await first.server.request(0);
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await request.aborted;
    expect(second.server.requests).toHaveLength(0);
  });
});

test('when all fail the error has the kind of the last and names every model', async () => {
  const first = await start('first', replies.status(401));
  const second = await start('second', replies.status(429, { headers: { 'retry-after': '60' } }));
  const error: unknown = await read([first.model, second.model]).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({
    kind: 'rate_limited',
    llmId: 'second',
    retryable: true,
    retryAfterMs: 60_000,
  });
  expect((error as ModelError).message).toMatch(/"first".*"second"/s);
});

test('a reader that leaves closes the connection', async () => {
  const { model, server } = await start('first', replies.hangAfter('Hel'));
  for await (const chunk of completeWithFallback([model], asking(), never)) {
    if (chunk.kind === 'text') break;
  }
  await (
    await server.request(0)
  ).aborted;
});
