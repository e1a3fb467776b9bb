import { afterEach, describe, expect, test } from '@jest/globals';
import { createOpenAiModel } from '../../src/llm/openai.ts';
import type { ProviderRecord } from '../../src/llm/provider.ts';
import { withResilience, type ResilienceOptions } from '../../src/llm/resilience.ts';
import { RetryBudget } from '../../src/llm/retry-budget.ts';
import * as replies from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type Script } from '../support/model-server.ts';
import { until } from '../support/wait.ts';
import { asking, complete, failureOf, never } from './completion.ts';

let server: ModelServer;

interface Setup extends Partial<ResilienceOptions> {
  provider?: Partial<ProviderRecord>;
}

async function modelFor(script: Script, { provider, ...options }: Setup = {}) {
  server = await startModelServer(script);
  const model = createOpenAiModel(server.provider(provider));
  return withResilience(model, { maxConcurrency: 10, retryBaseMs: 1, ...options });
}

afterEach(async () => {
  await server.close();
});

describe('retries', () => {
  test.each<[string, Script]>([
    ['500', replies.status(500)],
    ['429', replies.status(429, { headers: { 'retry-after-ms': '2' } })],
    ['a cut connection', replies.cut()],
    ['an end before the first token', replies.truncated()],
  ])('%s is tried three times', async (_case, script) => {
    await failureOf(await modelFor(script));
    expect(server.requests).toHaveLength(3);
  });

  test.each<[string, Script, Partial<ProviderRecord>]>([
    ['401', replies.status(401), {}],
    ['400', replies.status(400), {}],
    ['a page', replies.html(), {}],
    ['a time-out', replies.hang(), { timeoutSeconds: 0.1 }],
    ['a wait longer than the cap', replies.status(429, { headers: { 'retry-after': '11' } }), {}],
    ['a failure after the first token', replies.cut('Hel'), {}],
    ['an end after the first token', replies.truncated('Hel'), {}],
  ])('%s is tried once', async (_case, script, provider) => {
    await failureOf(await modelFor(script, { provider }));
    expect(server.requests).toHaveLength(1);
  });

  test('an answer after a failure is whole and said once', async () => {
    const model = await modelFor([replies.status(503), replies.cut(), replies.text('a', 'b')]);
    expect(await complete(model)).toMatchObject({
      text: 'ab',
      finished: { finishReason: 'stop' },
    });
  });

  test('they wait as long as the provider asks', async () => {
    const wait = 60;
    const model = await modelFor([
      replies.status(429, { headers: { 'retry-after-ms': String(wait) } }),
      replies.text('ok'),
    ]);
    const begun = performance.now();
    await complete(model);
    // A timer may fire a millisecond early.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(wait - 1);
  });

  test('they end with the budget', async () => {
    const budget = new RetryBudget({ minimum: 1, now: () => 0 });
    const model = await modelFor(replies.status(500), { budget, breakerThreshold: 100 });
    await failureOf(model);
    await failureOf(model);
    expect(server.requests).toHaveLength(3);
  });

  test('an abort ends the wait between two of them', async () => {
    const model = await modelFor(replies.status(500), { retryBaseMs: 10_000 });
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const failure = failureOf(model, asking(), controller.signal);
    await server.request(0);
    controller.abort(reason);
    expect((await failure).error).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });
});

describe('the breaker', () => {
  const once = { maxRetries: 0, breakerThreshold: 2 };

  test('opens after failures in a row and then asks nobody', async () => {
    const model = await modelFor(replies.status(500), once);
    await failureOf(model);
    await failureOf(model);
    expect((await failureOf(model)).error).toMatchObject({
      kind: 'breaker_open',
      llmId: 'scripted',
      retryable: true,
    });
    expect(server.requests).toHaveLength(2);
  });

  test('says what opened it to the call that did', async () => {
    const model = await modelFor(replies.status(500), { breakerThreshold: 2 });
    expect((await failureOf(model)).error).toMatchObject({ kind: 'unavailable' });
    expect(server.requests).toHaveLength(2);
  });

  test('is not opened by what only the request or the key is to blame for', async () => {
    const model = await modelFor([replies.status(400), replies.status(401), replies.status(400)], once);
    for (let round = 0; round < 4; round += 1) await failureOf(model);
    expect(server.requests).toHaveLength(4);
  });

  test('closes when the one call that tries after the pause is answered', async () => {
    const script = [replies.status(500), replies.status(500), replies.text('back')];
    const model = await modelFor(script, { ...once, breakerPauseMs: 0 });
    await failureOf(model);
    await failureOf(model);
    expect((await complete(model)).text).toBe('back');
    expect((await complete(model)).text).toBe('back');
  });

  test('lets one call through at a time after the pause; one that is cancelled proves nothing', async () => {
    const script = [replies.status(500), replies.status(500), replies.hang(), replies.text('back')];
    const model = await modelFor(script, { ...once, breakerPauseMs: 0 });
    await failureOf(model);
    await failureOf(model);
    const controller = new AbortController();
    const trying = failureOf(model, asking(), controller.signal);
    await server.request(2);
    expect((await failureOf(model)).error).toMatchObject({ kind: 'breaker_open' });
    controller.abort(new Error('cancelled'));
    await trying;
    expect((await complete(model)).text).toBe('back');
    expect(server.requests).toHaveLength(4);
  });
});

describe('the limit of concurrent completions', () => {
  test('lets the next one in when a stream is at its end', async () => {
    const wait = replies.gate();
    const held = replies.text('a', wait, 'b');
    const model = await modelFor([held, held, replies.text('c')], { maxConcurrency: 2 });
    const all = [complete(model), complete(model), complete(model)];
    await server.request(1);
    // A call beside the limit goes there and back: a third one within it would have come by then.
    await complete(createOpenAiModel(server.provider()));
    expect(server.requests).toHaveLength(3);
    wait.open();
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual(['ab', 'ab', 'c']);
    expect(server.requests).toHaveLength(4);
  });

  test.each([
    ['a reader that leaves', 'return'],
    ['a failure in the middle', 'failure'],
  ])('%s gives its place back', async (_case, how) => {
    const script = [how === 'return' ? replies.hangAfter('a') : replies.cut('a'), replies.text('next')];
    const model = await modelFor(script, { maxConcurrency: 1 });
    if (how === 'failure') await failureOf(model);
    else for await (const chunk of model.complete(asking(), never)) if (chunk.kind === 'text') break;
    expect((await complete(model)).text).toBe('next');
  });

  test('a call that is aborted while it waits does not wait any longer', async () => {
    const model = await modelFor(replies.hang(), { maxConcurrency: 1 });
    const first = new AbortController();
    const running = failureOf(model, asking(), first.signal);
    await server.request(0);
    const reason = new Error('cancelled');
    const second = new AbortController();
    const waiting = failureOf(model, asking(), second.signal);
    second.abort(reason);
    expect((await waiting).error).toBe(reason);
    first.abort(new Error('done'));
    await running;
    expect(server.requests).toHaveLength(1);
  });

  test('more than may wait are refused', async () => {
    const model = await modelFor(replies.hang(), { maxConcurrency: 1, maxWaiting: 1 });
    const controller = new AbortController();
    const held = [
      failureOf(model, asking(), controller.signal),
      failureOf(model, asking(), controller.signal),
    ];
    await server.request(0);
    const { error } = await failureOf(model);
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('too many calls') });
    controller.abort(new Error('done'));
    await Promise.all(held);
    await until(() => server.requests.length === 1, { what: 'the waiting call to go without a request' });
  });
});
