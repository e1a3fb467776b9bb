import { describe, expect, test } from '@jest/globals';
import type { Part } from '../../../src/runs/message.ts';
import { callOf, ScriptedModel, type ScriptedReply } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import {
  endsOf,
  play,
  secretVariable,
  storyOf,
  textsOf,
  type Answer,
  type Played,
  type Scene,
} from './loop-fixture.ts';

const yes = [{ text: 'yes' }];

function refundTool(): ScriptedTool {
  return new ScriptedTool('refund', () => 'refunded', { needsApproval: true, priceUsd: 0.5 });
}

type Rest = Omit<Scene, 'models' | 'answer'>;

/** Plays until the proposal, then with the answer; the record is another one, as on another replica. */
async function twice(
  scene: Rest,
  replies: { before: ScriptedReply[]; after: ScriptedReply[] },
  answer: Partial<Omit<Answer, 'after'>> = {},
) {
  const before = new ScriptedModel(replies.before);
  const asked = await play({ ...scene, models: [before] });
  const after = new ScriptedModel(replies.after);
  const done = await play({ ...scene, models: [after], answer: { after: asked, parts: yes, ...answer } });
  return { before, asked, after, done };
}

const proposing: ScriptedReply = { toolCalls: [callOf('refund', { order: 7 })] };
const settled: ScriptedReply = { text: ['Settled.'] };

function expiryOf({ outcome }: Played): number {
  const data = outcome.parts?.flatMap((part) => (part.data ? [part.data] : []))[0] as { expires_at: string };
  return Date.parse(data.expires_at);
}

describe('a run that waits for its user', () => {
  test('comes to rest with the proposal; the step of the call is that of its execution', async () => {
    const tool = refundTool();
    const { asked, done } = await twice({ tools: [tool] }, { before: [proposing], after: [settled] });
    expect(asked.outcome.state).toBe('input-required');
    expect(storyOf(asked)).toEqual([
      'model_call Ask the model in_progress',
      'model_call Ask the model completed',
      'planning Ask for approval of refund in_progress',
      'planning Ask for approval of refund completed',
    ]);
    expect(storyOf(done)).toEqual([
      'tool_execution refund in_progress',
      'tool_execution refund completed',
      'model_call Ask the model in_progress',
      '"Settled."',
      '""',
      'model_call Ask the model completed',
    ]);
    expect(tool.calls).toMatchObject([{ arguments: { order: 7 } }]);
    expect(endsOf(done)[0]?.detail).toMatchObject({ approval: { decision: 'approve', by: 'user-1' } });
  });

  test('asks the model again with exactly what was said before, pictures included', async () => {
    const parts: Part[] = [{ text: 'Refund this' }, { raw: 'aGk=', mediaType: 'image/png' }];
    const { before, after, asked } = await twice(
      { tools: [refundTool()], parts, history: [{ by: 'AI', text: 'Earlier.' }] },
      { before: [proposing], after: [settled] },
    );
    const told = before.requests[0]?.messages ?? [];
    expect(after.requests[0]?.messages.slice(0, told.length)).toEqual(told);
    expect(after.requests[0]?.messages.at(-1)).toEqual({
      role: 'tool',
      toolCallId: 'call-refund',
      content: 'refunded',
    });
    expect(JSON.stringify(asked.outcome.paused)).not.toContain('aGk=');
  });

  test('sums up usage, cost and calls over the wait', async () => {
    const usage = { promptTokens: 3, completionTokens: 2 };
    const { done, after } = await twice(
      { tools: [refundTool()], execution: { limits: { ...fullLimits, maxToolCalls: 1 } } },
      {
        before: [{ ...proposing, usage }],
        after: [
          { toolCalls: [callOf('refund')], usage },
          { ...settled, usage },
        ],
      },
    );
    expect(done.outcome.usage).toEqual({ promptTokens: 9, completionTokens: 6, costUsd: 0.5 });
    expect(after.requests[1]?.messages.at(-1)).toMatchObject({
      content: expect.stringContaining('the limit of 1 tool calls'),
    });
  });

  test('goes on with its text; executed again it says it from the beginning', async () => {
    const replies = { before: [{ ...proposing, text: ['One moment.'] }], after: [settled] };
    const { done } = await twice({ tools: [refundTool()] }, replies);
    expect(textsOf(done)[0]).toEqual({ text: '\n\nSettled.', first: false, last: false });
    const { done: again } = await twice({ tools: [refundTool()] }, replies, { again: true });
    expect(textsOf(again).slice(0, 2)).toEqual([
      { text: 'One moment.', first: true, last: false },
      { text: '\n\nSettled.', first: false, last: false },
    ]);
  });

  test('keeps to its scenario', async () => {
    const scenarios = [
      { name: 'refunds', description: 'Pays back.', instructions: 'Pay.', tools: ['refund'], examples: [] },
    ];
    const choosing: ScriptedReply = { text: ['{"scenario":"refunds"}'] };
    const { after } = await twice(
      { tools: [refundTool(), new ScriptedTool('other')], execution: { scenarios } },
      { before: [choosing, proposing], after: [settled] },
    );
    expect(after.requests).toHaveLength(1);
    expect(after.requests[0]?.tools?.map(({ name }) => name)).toEqual(['refund']);
  });

  test('fails with a sentence when its scenario is gone', async () => {
    const scenarios = [{ name: 'refunds', description: 'Pays.', instructions: '', examples: [] }];
    const models = [new ScriptedModel([{ text: ['refunds'] }, proposing])];
    const tool = refundTool();
    const asked = await play({ models, tools: [tool], execution: { scenarios } });
    const answer = { after: asked, parts: yes };
    const done = await play({ models: [new ScriptedModel([])], tools: [tool], answer });
    expect(done.outcome).toMatchObject({ state: 'failed', failure: { code: 'conflict' } });
    expect(tool.calls).toEqual([]);
  });
});

describe('an agent that has changed', () => {
  test('does not execute what was approved of the former one', async () => {
    const tool = refundTool();
    const asked = await play({ models: [new ScriptedModel([proposing])], tools: [tool] });
    const models = [new ScriptedModel([settled])];
    const done = await play({
      models,
      tools: [tool],
      revision: 'other',
      answer: { after: asked, parts: yes },
    });
    expect(done.outcome).toMatchObject({ state: 'failed', failure: { code: 'conflict' } });
    expect(tool.calls).toEqual([]);
  });

  test('goes on with the answer to a question', async () => {
    const tools = [new ScriptedTool('ask', () => '', { asksUser: true })];
    const asking = new ScriptedModel([{ toolCalls: [callOf('ask', { text: 'Which?' })] }]);
    const answer = { after: await play({ models: [asking], tools }), parts: yes };
    const done = await play({ models: [new ScriptedModel([settled])], tools, revision: 'other', answer });
    expect(done.outcome.state).toBe('completed');
  });
});

test('what was approved is not executed by another declaration’s tool of that name', async () => {
  const asked = await play({ models: [new ScriptedModel([proposing])], tools: [refundTool()] });
  const other = Object.assign(refundTool(), { source: 'ref' });
  const sources = [{ name: 'ref', tools: async () => [other] }];
  const after = new ScriptedModel([settled]);
  await play({ models: [after], sources, answer: { after: asked, parts: yes } });
  expect(other.calls).toEqual([]);
  expect(after.requests[0]?.messages.at(-1)).toMatchObject({
    content: expect.stringContaining('There is no tool refund.'),
  });
});

const fullLimits = {
  maxSteps: 8,
  maxToolCalls: 16,
  timeoutSeconds: 5,
  toolTimeoutSeconds: 5,
  maxHistoryMessages: 20,
  maxResultCharacters: 20_000,
  queryTimeoutSeconds: 5,
  approvalTimeoutSeconds: 60,
  maxDepth: 4,
};

describe('time', () => {
  test.each([
    ['just before', -1, 'completed', 1],
    ['at', 0, 'failed', 0],
  ])('an answer %s the end of its time: %s', async (_name, offset, state, executed) => {
    const tool = refundTool();
    const asked = await play({ models: [new ScriptedModel([proposing])], tools: [tool] });
    const answer = { after: asked, parts: yes, at: expiryOf(asked) + offset };
    const done = await play({ models: [new ScriptedModel([settled])], tools: [tool], answer });
    expect(done.outcome.state).toBe(state);
    expect(tool.calls).toHaveLength(executed);
  });

  test('a proposal waits as long as the agent says', async () => {
    const before = Date.now();
    const execution = { limits: { ...fullLimits, approvalTimeoutSeconds: 60 } };
    const asked = await play({ models: [new ScriptedModel([proposing])], tools: [refundTool()], execution });
    expect(expiryOf(asked) - before).toBeGreaterThanOrEqual(60_000);
    expect(expiryOf(asked) - Date.now()).toBeLessThanOrEqual(60_000);
  });
});

describe('what is kept', () => {
  test('holds no secret: arguments with one are not even proposed', async () => {
    const tool = refundTool();
    const model = new ScriptedModel([{ toolCalls: [callOf('refund', { key: 'hunter22' })] }, settled]);
    const played = await play({
      models: [model],
      tools: [tool],
      contextValues: { token: 'hunter22' },
      execution: { contextVariables: [secretVariable('token')] },
    });
    expect(played.outcome.state).toBe('completed');
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      content: 'Error: The arguments hold a secret value: leave it out.',
    });
    expect(JSON.stringify(endsOf(played))).not.toContain('hunter22');
  });

  test('is bounded: a run with more fails with a sentence', async () => {
    const large = new ScriptedModel([{ toolCalls: [callOf('refund', { note: 'x'.repeat(1_000_001) })] }]);
    const played = await play({ models: [large], tools: [refundTool()] });
    expect(played.outcome).toMatchObject({ state: 'failed', failure: { code: 'payload_too_large' } });
  });
});

test.each(['answer', 'agent'] as const)(
  'at the door %s nothing of a round is executed that would have to wait',
  async (door) => {
    const look = new ScriptedTool('look');
    const models = [new ScriptedModel([{ toolCalls: [callOf('look'), callOf('refund')] }])];
    const played = await play({ models, tools: [look, refundTool()], door });
    expect(played.outcome).toMatchObject({ state: 'failed', failure: { code: 'approval_required' } });
    expect(look.calls).toEqual([]);
  },
);
