import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AgentRevision } from '../../src/agents/definition.ts';
import { Toolsets } from '../../src/agents/toolsets.ts';
import type { Execution, ExecutorEvent, Outcome } from '../../src/runs/executor.ts';
import { onTerms } from '../../src/tools/tool-terms.ts';
import type { ToolSource } from '../../src/tools/tool-source.ts';
import type { ToolResult } from '../../src/tools/tool.ts';
import { runRecord } from '../stores/run-samples.ts';
import { agentRevision } from '../a2a/agent-revision.ts';
import { agentWith, saying } from '../runs/engine-fixture.ts';
import { ScriptedTool, toolCall } from '../support/scripted-tool.ts';

const executable = agentWith(saying('ok'));
const record = runRecord({ messageId: 'question', text: 'Hello' });
const execution: Execution = {
  record,
  attempt: 1,
  firstAttempt: 1,
  request: record.request,
  exchange: [],
  history: [],
  contextValues: {},
  signal: new AbortController().signal,
};
const always = (): boolean => true;

test('tools are made once per revision and closed once, at the end', async () => {
  const made: ScriptedTool[] = [];
  const toolsets = new Toolsets(() => {
    made.push(new ScriptedTool(`tool-${made.length}`));
    return made.slice(-1);
  }, always);
  const [one, two] = [agentRevision(), agentRevision()];
  const first = toolsets.executable(one, () => executable);
  expect(toolsets.executable(one, () => agentWith(saying('other')))).toBe(first);
  toolsets.executable(two, () => executable);
  expect(made).toHaveLength(2);
  await toolsets.close();
  expect(made.map(({ closed }) => closed)).toEqual([1, 1]);
});

test('a revision that cannot be made executable leaves no open tool behind, however often it is tried', async () => {
  const made: ScriptedTool[] = [];
  const toolsets = new Toolsets(() => {
    made.push(new ScriptedTool('tool'));
    return made.slice(-1);
  }, always);
  const revision = agentRevision();
  const failing = (): never => {
    throw new Error('the schema does not compile');
  };
  for (let time = 0; time < 3; time += 1) {
    expect(() => toolsets.executable(revision, failing)).toThrow('does not compile');
  }
  expect(made.map(({ closed }) => closed)).toEqual(made.map(() => 1));
  await toolsets.close();
  expect(made.map(({ closed }) => closed)).toEqual(made.map(() => 1));
});

describe('the tools of a revision that was replaced', () => {
  let made: ScriptedTool[];
  let current: AgentRevision;
  let toolsets: Toolsets;

  beforeEach(() => {
    made = [];
    const create = (): ScriptedTool[] => {
      made.push(new ScriptedTool(`tool-${made.length}`));
      return made.slice(-1);
    };
    current = agentRevision();
    toolsets = new Toolsets(create, (revision) => revision === current);
  });

  function replace(): void {
    current = agentRevision();
    toolsets.executable(current, () => executable);
  }

  const closings = (): number[] => made.map(({ closed }) => closed);

  test('are closed at once where nothing uses them', async () => {
    toolsets.executable(current, () => executable);
    replace();
    replace();
    expect(closings()).toEqual([1, 1, 0]);
    await toolsets.close();
    expect(closings()).toEqual([1, 1, 1]);
  });

  test('are closed with the end of the last run that uses them', async () => {
    const running = async function* (): AsyncGenerator<ExecutorEvent, Outcome, undefined> {
      yield { kind: 'text', at: 0, text: 'one', first: true, last: true };
      return { state: 'completed' };
    };
    const { executor } = toolsets.executable(current, () => agentWith(running));
    const [one, two] = [executor(execution), executor(execution)];
    await one.next();
    await two.next();
    replace();
    await one.next();
    expect(closings()).toEqual([0, 0]);
    await two.return({ state: 'canceled' });
    expect(closings()).toEqual([1, 0]);
  });

  test('are made anew for a run that had its agent before and begins after', async () => {
    const sources: (readonly ToolSource[])[] = [];
    const { executor } = toolsets.executable(
      current,
      (given) => (sources.push(given), agentWith(saying('ok'))),
    );
    replace();
    const running = executor(execution);
    await running.next();
    expect(sources).toEqual([[made[0]], [made[2]]]);
    expect(closings()).toEqual([1, 0, 0]);
    await running.return({ state: 'canceled' });
    expect(closings()).toEqual([1, 0, 1]);
  });

  test('outlast a direct call', async () => {
    toolsets.executable(current, () => executable);
    const answer = Promise.withResolvers<ToolResult>();
    Object.assign(made[0] ?? {}, { execute: async () => await answer.promise });
    const [tool] = (await toolsets.sources(current)[0]?.tools(new AbortController().signal)) ?? [];
    expect(tool).toMatchObject({ name: 'tool-0' });
    const calling = tool?.execute(toolCall());
    replace();
    expect(closings()).toEqual([0, 0]);
    answer.resolve({ text: 'done' });
    expect(await calling).toEqual({ text: 'done' });
    expect(closings()).toEqual([1, 0]);
  });
});

test('terms of a source that has nothing to close give it nothing to close', async () => {
  const source = { name: 'a', tools: async () => [] };
  expect(onTerms({ approval: 'required' }, source)).not.toHaveProperty('close');
});
