import { describe, expect, test } from '@jest/globals';
import { ModelError, type ModelErrorKind } from '../../../src/llm/model.ts';
import { callOf, ScriptedModel } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import { begin, endsOf, play, saidIn, storyOf, textsOf, type Played } from './loop-fixture.ts';

const limits = {
  maxSteps: 3,
  maxToolCalls: 16,
  timeoutSeconds: 5,
  toolTimeoutSeconds: 5,
  maxHistoryMessages: 20,
  maxResultCharacters: 200,
  approvalTimeoutSeconds: 86_400,
  maxDepth: 4,
  queryTimeoutSeconds: 5,
};

function expectOneText(played: Played): void {
  const texts = textsOf(played);
  expect(texts.map(({ first }) => first)).toEqual(texts.map((_text, index) => index === 0));
  expect(texts.map(({ last }) => last)).toEqual(texts.map((_text, index) => index === texts.length - 1));
}

describe('an answer', () => {
  test('is the model call, the text in between, and the end', async () => {
    const model = new ScriptedModel([{ text: ['Hel', 'lo'] }]);
    const played = await play({ models: [model] });
    expect(storyOf(played)).toEqual([
      'model_call Ask the model in_progress',
      '"Hel"',
      '"lo"',
      '""',
      'model_call Ask the model completed',
    ]);
    expectOneText(played);
    expect(played.outcome).toEqual({ state: 'completed', usage: { promptTokens: 0, completionTokens: 0 } });
    expect(model.requests[0]).toEqual({
      messages: [
        { role: 'system', content: 'You help.' },
        { role: 'user', content: 'Hello' },
      ],
    });
  });

  test('without a word still has a beginning and an end', async () => {
    const played = await play({ models: [new ScriptedModel([{}])] });
    expect(textsOf(played)).toEqual([{ text: '', first: true, last: true }]);
  });

  test('of several model calls is set off by an empty line, once each', async () => {
    const tool = new ScriptedTool('look');
    const models = [
      new ScriptedModel([
        { text: ['', 'Let me', ' see.'], toolCalls: [callOf('look')] },
        { toolCalls: [callOf('look')] },
        { text: ['', '', 'Here', ' it is.'] },
      ]),
    ];
    const played = await play({ models, tools: [tool], execution: { limits } });
    expect(saidIn(played)).toBe('Let me see.\n\nHere it is.');
    expectOneText(played);
  });

  test.each([
    ['empty pieces first', ['', '', 'Hello'], 'Hello'],
    ['empty pieces only', ['', ''], ''],
    ['a piece of white space', [' ', 'Hello'], ' Hello'],
  ])('%s: nothing stands before the first word', async (_name, text, said) => {
    const played = await play({ models: [new ScriptedModel([{ text }])] });
    expect(saidIn(played)).toBe(said);
    expectOneText(played);
  });
});

describe('steps', () => {
  test('have one start and one end each, and ids of their own', async () => {
    const models = [new ScriptedModel([{ toolCalls: [callOf('a'), callOf('b')] }, { text: ['ok'] }])];
    const played = await play({ models, tools: [new ScriptedTool('a'), new ScriptedTool('b')] });
    const steps = played.events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
    const starts = steps.filter(({ status }) => status === 'in_progress').map(({ id }) => id);
    const ends = steps.filter(({ status }) => status !== 'in_progress').map(({ id }) => id);
    expect(new Set(starts).size).toBe(4);
    expect(ends.toSorted()).toEqual(starts.toSorted());
    expect(steps.map(({ iteration }) => iteration)).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
    expect(endsOf(played).every(({ step }) => (step.durationMs ?? -1) >= 0)).toBe(true);
  });

  test('say which model answered, what it cost, and the prompt once', async () => {
    const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
    const usage = { promptTokens: 2, completionTokens: 3 };
    const replies = [
      { toolCalls: [callOf('a')], usage },
      { text: ['ok'], usage },
    ];
    const played = await play({
      models: [new ScriptedModel(replies, { price })],
      tools: [new ScriptedTool('a')],
    });
    const [first, , second] = endsOf(played);
    expect(first?.detail).toEqual({
      prompt: 'You help.',
      llmId: 'scripted',
      model: 'scripted-1',
      usage: { ...usage, costUsd: 8 },
    });
    expect(second?.detail).not.toHaveProperty('prompt');
    expect(played.outcome.usage).toEqual({ promptTokens: 4, completionTokens: 6, costUsd: 16 });
  });
});

describe('limits', () => {
  test('the last step gets no tools; calls that come all the same are dropped', async () => {
    const again = { toolCalls: [callOf('look')] };
    const model = new ScriptedModel([again, again, { ...again, text: ['enough'] }, { text: ['{}'] }]);
    const tool = new ScriptedTool('look');
    const execution = { limits, responseSchema: { type: 'object' } };
    const played = await play({ models: [model], tools: [tool], execution });
    expect(model.requests.map(({ tools }) => tools?.length ?? 0)).toEqual([1, 1, 0, 0]);
    expect(tool.calls).toHaveLength(2);
    const last = model.requests[3]?.messages ?? [];
    const asked = last.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []));
    expect(last.filter(({ role }) => role === 'tool')).toHaveLength(asked.length);
    expect(played.outcome.state).toBe('completed');
    expectOneText(played);
  });

  test.each([
    [1, 1],
    [2, 2],
    [50, 3],
  ])('max_steps=%d makes %d model calls at most', async (maxSteps, calls) => {
    const model = new ScriptedModel(Array.from({ length: 5 }, () => ({ toolCalls: [callOf('look')] })));
    await play({
      models: [model],
      tools: [new ScriptedTool('look')],
      execution: { limits },
      properties: { maxSteps },
    });
    expect(model.requests).toHaveLength(calls);
  });

  test('the temperature of the call counts before that of the agent', async () => {
    const model = new ScriptedModel([{}, {}]);
    const execution = { model: { fallbackLlmIds: [], temperature: 1 } };
    await play({ models: [model], execution });
    await play({ models: [model], execution, properties: { temperature: 0 } });
    expect(model.requests.map(({ temperature }) => temperature)).toEqual([1, 0]);
  });
});

describe('errors of the model', () => {
  test.each<[ModelErrorKind, string]>([
    ['rate_limited', 'rate_limited'],
    ['timeout', 'timeout'],
    ['unavailable', 'provider_error'],
    ['unauthorized', 'provider_error'],
    ['rejected', 'provider_error'],
    ['malformed', 'provider_error'],
    ['truncated', 'provider_error'],
    ['breaker_open', 'provider_error'],
  ])('%s: the run fails as %s, its step too', async (kind, code) => {
    const error = new ModelError(kind, 'scripted', 'The model is tired. Try later.');
    const played = await play({ models: [new ScriptedModel([{ text: ['Hel'], error }])] });
    expect(storyOf(played)).toEqual([
      'model_call Ask the model in_progress',
      '"Hel"',
      'model_call Ask the model failed',
    ]);
    expect(played.outcome).toMatchObject({
      state: 'failed',
      failure: { code, message: 'The model is tired. Try later.' },
    });
    expect(endsOf(played)[0]?.detail?.error).toBe('The model is tired. Try later.');
  });

  test('usage of the calls before it is kept', async () => {
    const usage = { promptTokens: 2, completionTokens: 3 };
    const error = new ModelError('timeout', 'scripted', 'Too slow.');
    const models = [new ScriptedModel([{ toolCalls: [callOf('a')], usage }, { error }])];
    const { outcome } = await play({ models, tools: [new ScriptedTool('a')] });
    expect(outcome).toMatchObject({ state: 'failed', usage });
  });

  test('before the first word the declared fallback answers, and the step says so', async () => {
    const error = new ModelError('unavailable', 'main', 'Away.', { retryable: true });
    const models = [
      new ScriptedModel([{ error }], { llmId: 'main' }),
      new ScriptedModel([{ text: ['ok'] }], { llmId: 'spare' }),
    ];
    const played = await play({ models });
    expect(saidIn(played)).toBe('ok');
    expect(endsOf(played)[0]?.detail?.llmId).toBe('spare');
  });

  test('a mistake of the gateway is thrown, after its step has ended', async () => {
    const running = begin({ models: [new ScriptedModel([{ error: new TypeError('x is undefined') }])] });
    const [start, end] = [await running.next(), await running.next()];
    expect([start.value, end.value]).toMatchObject([
      { step: { status: 'in_progress' } },
      { step: { status: 'failed' } },
    ]);
    await expect(running.next()).rejects.toThrow('x is undefined');
  });

  test('an abort ends it with the reason of the signal', async () => {
    const controller = new AbortController();
    const never = new Promise<never>(() => undefined);
    const playing = play({ models: [new ScriptedModel([{ until: never }])], signal: controller.signal });
    const reason = new Error('canceled');
    controller.abort(reason);
    await expect(playing).rejects.toBe(reason);
  });
});
