import { describe, expect, test } from '@jest/globals';
import type { Step } from '../../../src/runs/event.ts';
import { ToolError, type ToolCall, type ToolStep } from '../../../src/tools/tool.ts';
import { callOf, ScriptedModel } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import { begin, endsOf, play, secretVariable, type Played, type Scene } from './loop-fixture.ts';

async function round(scene: Omit<Scene, 'models'>, ...names: string[]): Promise<Played> {
  const calls = names.map((name) => callOf(name));
  return await play({ ...scene, models: [new ScriptedModel([{ toolCalls: calls }, { text: ['ok'] }])] });
}

function step(id: string, status: ToolStep['status'], more: Partial<ToolStep> = {}): ToolStep {
  return { id, name: `inner ${id}`, status, ...more };
}

function telling(...steps: ToolStep[]): ({ report }: ToolCall) => string {
  return ({ report }) => {
    for (const one of steps) report?.(one);
    return 'done';
  };
}

/** The steps of tools and those inside them: `name status`. */
function stepsOf({ events }: Played): Step[] {
  return events.flatMap((event) =>
    event.kind === 'step' && event.step.type !== 'model_call' ? [event.step] : [],
  );
}

function storyOf(played: Played): string[] {
  return stepsOf(played).map(({ name, status }) => `${name} ${status}`);
}

describe('what a tool tells of itself', () => {
  test('comes while it runs, below its step, in order, under ids of the run', async () => {
    const inner = [step('1', 'in_progress'), step('2', 'in_progress', { parentId: '1', tool: 'deep' })];
    const ends = [step('2', 'completed', { summary: 'found 2' }), step('1', 'completed')];
    const played = await round({ tools: [new ScriptedTool('look', telling(...inner, ...ends))] }, 'look');
    expect(storyOf(played)).toEqual([
      'look in_progress',
      'inner 1 in_progress',
      'inner 2 in_progress',
      'inner 2 completed',
      'inner 1 completed',
      'look completed',
    ]);
    const [look, one, two, twoEnded] = stepsOf(played);
    expect(one).toMatchObject({ parentId: look?.id, iteration: 1, type: 'tool_execution' });
    expect(two).toMatchObject({ parentId: one?.id, tool: 'deep' });
    expect(twoEnded).toMatchObject({ id: two?.id, summary: 'found 2', durationMs: expect.any(Number) });
    expect(new Set(stepsOf(played).map(({ id }) => id)).size).toBe(3);
  });

  test('is told at once, not when the tool ends', async () => {
    const heard = Promise.withResolvers<void>();
    const tool = new ScriptedTool('look', async ({ report }) => {
      report?.(step('1', 'in_progress'));
      await heard.promise;
      return 'done';
    });
    const models = [new ScriptedModel([{ toolCalls: [callOf('look')] }, { text: ['ok'] }])];
    for await (const event of begin({ models, tools: [tool] })) {
      if (event.kind === 'step' && event.step.name === 'inner 1') heard.resolve();
    }
    await expect(heard.promise).resolves.toBeUndefined();
  });

  test.each<[string, () => string, string]>([
    ['ends', () => 'done', 'look completed'],
    [
      'fails',
      () => {
        throw new ToolError('No.');
      },
      'look failed',
    ],
  ])('a step that is open when the tool %s has failed before it', async (_name, script, end) => {
    const tool = new ScriptedTool('look', (call) => {
      telling(step('1', 'in_progress'), step('2', 'in_progress', { parentId: '1' }))(call);
      return script();
    });
    expect(storyOf(await round({ tools: [tool] }, 'look')).slice(3)).toEqual([
      'inner 2 failed',
      'inner 1 failed',
      end,
    ]);
  });

  test('has one start and one end, whatever the tool tells, and nothing after its end', async () => {
    const late: ToolCall[] = [];
    const chatter = new ScriptedTool('look', (call) => {
      late.push(call);
      const told = [step('1', 'in_progress'), step('1', 'in_progress'), step('0', 'completed')];
      return telling(...told, step('1', 'failed'), step('1', 'completed'))(call);
    });
    const after = new ScriptedTool('after', () => {
      late[0]?.report?.(step('9', 'in_progress'));
      return 'done';
    });
    const calls = [{ toolCalls: [callOf('look')] }, { toolCalls: [callOf('after')] }, { text: ['ok'] }];
    const played = await play({ tools: [chatter, after], models: [new ScriptedModel(calls)] });
    expect(storyOf(played)).toEqual([
      'look in_progress',
      'inner 1 in_progress',
      'inner 1 failed',
      'look completed',
      'after in_progress',
      'after completed',
    ]);
  });

  test('is bounded and holds no secret', async () => {
    const many = Array.from({ length: 600 }, (_one, index) => step(String(index), 'in_progress'));
    const secret = step('s', 'completed', { summary: 'used hunter22' });
    const tool = `hunter22${'x'.repeat(100)}`;
    const played = await round(
      {
        tools: [
          new ScriptedTool(
            'look',
            telling(step('s', 'in_progress', { name: 'hunter22', tool }), secret, ...many),
          ),
        ],
        contextValues: { token: 'hunter22' },
        execution: { contextVariables: [secretVariable('token')] },
      },
      'look',
    );
    expect(new Set(stepsOf(played).map(({ id }) => id)).size).toBe(501);
    expect(JSON.stringify(played.events)).not.toContain('hunter22');
    expect(stepsOf(played)[2]).toMatchObject({
      summary: 'used [redacted]',
      tool: `[redacted]${'x'.repeat(54)}`,
    });
  });
});

describe('the probe of a tool', () => {
  test.each<[string, () => { text: string; detail: { sql: string } }]>([
    ['succeeds', () => ({ text: '3 rows', detail: { sql: 'select hunter22' } })],
    [
      'fails',
      () => {
        throw new ToolError('No such table.', { detail: { sql: 'select hunter22' } });
      },
    ],
  ])('shows the detail of a call that %s, without secrets', async (_name, script) => {
    const played = await round(
      {
        tools: [new ScriptedTool('look', script)],
        contextValues: { token: 'hunter22' },
        execution: { contextVariables: [secretVariable('token')] },
      },
      'look',
    );
    expect(endsOf(played)[1]?.detail).toMatchObject({ arguments: {}, detail: { sql: 'select [redacted]' } });
  });

  test('leaves out a detail that is too large', async () => {
    const script = () => ({ text: 'ok', detail: { page: 'x'.repeat(30_000) } });
    const played = await round({ tools: [new ScriptedTool('look', script)] }, 'look');
    expect(endsOf(played)[1]?.detail).toMatchObject({ detail: '[left out: 30011 characters]' });
  });

  test('tells what a call cost; the run owes the sum', async () => {
    const tools = [
      new ScriptedTool('look', undefined, { priceUsd: 0.25 }),
      new ScriptedTool('fail', () => Promise.reject(new ToolError('No.')), { priceUsd: 0.5 }),
      new ScriptedTool('free'),
    ];
    const played = await round({ tools }, 'look', 'fail', 'free', 'unknown');
    const costs = endsOf(played).map(({ step: { tool }, detail }) => [tool, detail?.costUsd]);
    expect(Object.fromEntries(costs)).toMatchObject({ look: 0.25, fail: 0.5 });
    expect(costs).toContainEqual(['free', undefined]);
    expect(costs).toContainEqual(['unknown', undefined]);
    expect(played.outcome.usage?.costUsd).toBe(0.75);
  });
});
