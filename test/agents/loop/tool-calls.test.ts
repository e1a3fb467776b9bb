import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ToolError } from '../../../src/tools/tool.ts';
import { callOf, ScriptedModel } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import { begin, endsOf, play, secretVariable, storyOf, type Scene } from './loop-fixture.ts';

const limits = {
  maxSteps: 3,
  maxToolCalls: 2,
  timeoutSeconds: 5,
  toolTimeoutSeconds: 5,
  maxHistoryMessages: 20,
  maxResultCharacters: 100,
  approvalTimeoutSeconds: 86_400,
  maxDepth: 4,
  queryTimeoutSeconds: 5,
};

/** Plays one round with these calls; what the model then reads, and what was played. */
async function round(scene: Omit<Scene, 'models'>, ...calls: ReturnType<typeof callOf>[]) {
  const model = new ScriptedModel([{ toolCalls: calls }, { text: ['ok'] }]);
  const played = await play({ ...scene, models: [model] });
  const results = (model.requests[1]?.messages ?? []).flatMap((message) =>
    message.role === 'tool' ? [message] : [],
  );
  return {
    model,
    played,
    results: results.map(({ content }) => content),
    ids: results.map(({ toolCallId }) => toolCallId),
  };
}

describe('a round', () => {
  test('runs in parallel: starts in the order of the calls, ends as they come, results in the order of the calls', async () => {
    const second = Promise.withResolvers<void>();
    const slow = new ScriptedTool('slow', async () => {
      await second.promise;
      return 'slow result';
    });
    const fast = new ScriptedTool('fast', () => {
      second.resolve();
      return { text: 'fast result', summary: 'was fast' };
    });
    const { played, results, ids } = await round({ tools: [slow, fast] }, callOf('slow'), callOf('fast'));
    expect(storyOf(played).filter((event) => event.startsWith('tool'))).toEqual([
      'tool_execution slow in_progress',
      'tool_execution fast in_progress',
      'tool_execution fast completed',
      'tool_execution slow completed',
    ]);
    expect(results).toEqual(['slow result', 'fast result']);
    expect(ids).toEqual(['call-slow', 'call-fast']);
    const ends = endsOf(played).filter(({ step }) => step.tool === 'fast');
    expect(ends).toMatchObject([
      { step: { summary: 'was fast' }, detail: { arguments: {}, result: 'fast result' } },
    ]);
  });

  test('the tool gets its arguments, all context values and a signal', async () => {
    const tool = new ScriptedTool('look');
    const scene = {
      tools: [tool],
      contextValues: { a: 1, token: 'hunter22' },
      execution: { contextVariables: [secretVariable('token')] },
    };
    await round(scene, callOf('look', { q: 'x' }));
    expect(tool.calls).toMatchObject([{ arguments: { q: 'x' }, context: { a: 1, token: 'hunter22' } }]);
    expect(tool.calls[0]?.signal.aborted).toBe(false);
  });

  test.each<[string, Partial<ScriptedTool>, ReturnType<typeof callOf>, string]>([
    ['no JSON', {}, callOf('look', '{"q":'), 'Error: The arguments are not a JSON object.'],
    ['a list', {}, callOf('look', '[1]'), 'Error: The arguments are not a JSON object.'],
    ['null', {}, callOf('look', 'null'), 'Error: The arguments are not a JSON object.'],
    [
      'misfits',
      { problems: ['q is required', 'x is unknown'] },
      callOf('look'),
      'Error: The arguments do not fit: q is required; x is unknown.',
    ],
    ['an unknown tool', {}, callOf('guess'), 'Error: There is no tool guess. There are: look.'],
  ])('%s: nothing is executed, and the model is told', async (_name, changes, call, told) => {
    const tool = Object.assign(new ScriptedTool('look'), changes);
    const { played, results } = await round({ tools: [tool] }, call);
    expect(results).toEqual([told]);
    expect(tool.calls).toHaveLength(0);
    expect(played.outcome.state).toBe('completed');
  });

  test('no arguments at all are an empty object', async () => {
    const tool = new ScriptedTool('look');
    await round({ tools: [tool] }, callOf('look', ''));
    expect(tool.calls).toMatchObject([{ arguments: {} }]);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['with a sentence', () => Promise.reject(new ToolError('No such order.')), 'Error: No such order.'],
    [
      'by mistake',
      () => Promise.reject(new TypeError('cannot read x of undefined')),
      'Error: the tool failed inside the gateway.',
    ],
  ])('a tool that fails %s: the model reads it, the step has failed', async (_name, script, told) => {
    const { played, results } = await round({ tools: [new ScriptedTool('look', script)] }, callOf('look'));
    expect(results).toEqual([told]);
    expect(endsOf(played)[1]).toMatchObject({ step: { status: 'failed' }, detail: { error: told } });
    expect(JSON.stringify(played.events)).not.toContain('undefined');
  });

  test('calls over the limit are not executed', async () => {
    const tool = new ScriptedTool('look');
    const { results } = await round(
      { tools: [tool], execution: { limits } },
      callOf('look'),
      callOf('look'),
      callOf('look'),
    );
    expect(tool.calls).toHaveLength(2);
    expect(results[2]).toBe('Error: Not executed: the limit of 2 tool calls is reached.');
  });

  test('a long result is cut, not within a character', async () => {
    const tool = new ScriptedTool('look', () => `${'x'.repeat(99)}\u{1F600}${'y'.repeat(99)}`);
    const { results } = await round({ tools: [tool], execution: { limits } }, callOf('look'));
    expect(results[0]).toMatch(/^x{99}.?\n\[cut: \d+ more characters\]$/u);
    expect(results[0]?.isWellFormed()).toBe(true);
  });
});

describe('time', () => {
  test.each([
    ['heeds the signal', true],
    ['ignores it', false],
  ])('a tool that %s is given up after its time', async (_name, heeds) => {
    const script = ({ signal }: { signal: AbortSignal }): Promise<string> =>
      new Promise((_resolve, reject) => {
        if (heeds) signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    const tool = new ScriptedTool('look', script, { timeoutSeconds: 0.02 });
    const { results } = await round({ tools: [tool] }, callOf('look'));
    expect(results).toEqual(['Error: The tool did not answer within 0.02 s.']);
  });

  test('an abort ends a tool that ignores it too', async () => {
    const controller = new AbortController();
    const tool = new ScriptedTool('look', () => new Promise<never>(() => undefined));
    const playing = round({ tools: [tool], signal: controller.signal }, callOf('look'));
    while (tool.calls.length === 0) await nextTurn();
    const reason = new Error('canceled');
    controller.abort(reason);
    await expect(playing).rejects.toBe(reason);
    expect(tool.calls[0]?.signal.aborted).toBe(true);
  });

  test('tools leave no listener on the signal that they were given', async () => {
    const tool = new ScriptedTool('look');
    await round({ tools: [tool] }, callOf('look'));
    const signal = tool.calls[0]?.signal;
    expect(signal && getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a tool that fails after its run was given up does not bring the process down', async () => {
    const controller = new AbortController();
    const rejected: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejected.push(reason);
    process.on('unhandledRejection', onRejection);
    const failing = Promise.withResolvers<string>();
    const tools = [new ScriptedTool('one', () => failing.promise), new ScriptedTool('two')];
    const models = [new ScriptedModel([{ toolCalls: [callOf('one'), callOf('two')] }])];
    const running = begin({ models, tools, signal: controller.signal });
    for (;;) {
      const { value } = await running.next();
      if (value && 'step' in value && value.step.tool === 'two' && value.step.status === 'completed') break;
    }
    controller.abort(new Error('canceled'));
    await running.return({ state: 'canceled' });
    failing.reject(new Error('late'));
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    process.off('unhandledRejection', onRejection);
    expect(rejected).toEqual([]);
  });
});

test('only the tools that were offered are executed', async () => {
  const scenarios = [
    { name: 'one', description: 'One.', instructions: 'Do.', tools: ['mine'], examples: [] },
  ];
  const [mine, other] = [new ScriptedTool('mine'), new ScriptedTool('other')];
  const model = new ScriptedModel([
    { text: ['{"scenario":"one"}'] },
    { toolCalls: [callOf('other')] },
    { text: ['ok'] },
  ]);
  await play({ models: [model], tools: [mine, other], execution: { scenarios } });
  expect(other.calls).toHaveLength(0);
  expect(model.requests[1]?.tools?.map(({ name }) => name)).toEqual(['mine']);
});
