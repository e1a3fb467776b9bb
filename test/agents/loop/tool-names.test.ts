import { expect, test } from '@jest/globals';
import { ToolError } from '../../../src/tools/tool.ts';
import type { ToolSource } from '../../../src/tools/tool-source.ts';
import { callOf, ScriptedModel } from '../../support/scripted-model.ts';
import { ScriptedTool } from '../../support/scripted-tool.ts';
import { endsOf, play } from './loop-fixture.ts';

function generating(name: string, ...tools: string[]): ToolSource & { made: ScriptedTool[] } {
  const made = tools.map((tool) => Object.assign(new ScriptedTool(tool), { source: name }));
  return { name, made, tools: async () => made };
}

async function offered(...sources: ToolSource[]) {
  const model = new ScriptedModel([{ text: ['ok'] }]);
  const played = await play({ models: [model], sources });
  expect(played.outcome.state).toBe('completed');
  const problems = endsOf(played).filter(({ step }) => step.name.startsWith('Tools of'));
  return {
    tools: model.requests[0]?.tools?.map(({ name }) => name) ?? [],
    problems: problems.map(({ step, detail }) => [step.name, step.status, detail?.error]),
  };
}

test('a generated tool does not shadow a declared one, nor its approval', async () => {
  const pay = generating('pay', 'pay_send', 'pay_list');
  const send = new ScriptedTool('pay_send', () => 'sent', { needsApproval: true });
  const models = [new ScriptedModel([{ toolCalls: [callOf('pay_send')] }])];
  const played = await play({ models, sources: [pay, send] });
  expect(played.outcome.state).toBe('input-required');
  expect(pay.made[0]?.calls).toEqual([]);
  expect(await offered(pay, send)).toEqual({
    tools: ['pay_list', 'pay_send'],
    problems: [['Tools of pay', 'failed', 'pay_send is left out: the name is that of a tool of pay_send.']],
  });
});

test('a name stays its declaration’s while that is down', async () => {
  const down = {
    name: 'pay_send',
    tools: async () => await Promise.reject(new ToolError('It is away.')),
  };
  const { tools, problems } = await offered(generating('pay', 'pay_send', 'pay_list'), down);
  expect(tools).toEqual(['pay_list']);
  expect(problems.map(([name]) => name)).toEqual(['Tools of pay', 'Tools of pay_send']);
});

test('of two generated tools the first one stays', async () => {
  expect(await offered(generating('a', 'a_b_c'), generating('a_b', 'a_b_c', 'a_b_d'))).toEqual({
    tools: ['a_b_c', 'a_b_d'],
    problems: [['Tools of a_b', 'failed', 'a_b_c is left out: the name is that of a tool of a.']],
  });
});
