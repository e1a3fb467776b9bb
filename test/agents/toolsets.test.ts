import { expect, test } from '@jest/globals';
import { Toolsets } from '../../src/agents/toolsets.ts';
import { agentRevision } from '../a2a/agent-revision.ts';
import { agentWith, saying } from '../runs/engine-fixture.ts';
import { ScriptedTool } from '../support/scripted-tool.ts';

const executable = agentWith(saying('ok'));

test('tools are made once per revision and closed once, at the end', async () => {
  const made: ScriptedTool[] = [];
  const toolsets = new Toolsets(() => {
    made.push(new ScriptedTool(`tool-${made.length}`));
    return made.slice(-1);
  });
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
  });
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
