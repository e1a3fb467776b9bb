import { expect, test } from '@jest/globals';
import { HostCommands } from '../../../src/tools/gateway/host-commands.ts';
import { CommandSource } from '../../../src/tools/command/command-source.ts';
import { ProgramSlots } from '../../../src/tools/command/program-slots.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { signalGroup } from '../../support/signal-group.ts';

const never = new AbortController().signal;
const full = 'Too many programs wait to be run. Try it again later.';

function filled(): { slots: ProgramSlots; end: () => Promise<void>; started: () => number } {
  const slots = new ProgramSlots();
  const held = Promise.withResolvers<void>();
  let started = 0;
  const work = async (): Promise<void> => {
    started += 1;
    await held.promise;
  };
  const all = Array.from({ length: 8 + 64 }, async () => await slots.run(work, never));
  const end = async (): Promise<void> => {
    held.resolve();
    await Promise.all(all);
  };
  return { slots, end, started: () => started };
}

test('eight run at once, more wait for their turn, and no more than that', async () => {
  const { slots, end, started } = filled();
  expect(started()).toBe(8);
  await expect(slots.run(async () => 1, never)).rejects.toThrow(full);
  await end();
  expect(started()).toBe(72);
  expect(await slots.run(async () => 1, never)).toBe(1);
});

test('the commands of agents and those of the operator share them', async () => {
  const { slots, end } = filled();
  const definition = {
    name: 'run',
    type: 'command' as const,
    command: process.execPath,
    args: ['-e', 'console.log(1)'],
    parameters: {},
    env: {},
  };
  const commands = { allow: [process.execPath], signalGroup, slots };
  const [tool] = await new CommandSource(definition, { env: {}, commands }).tools();
  const [hostTool] = new HostCommands([definition], { env: {}, signalGroup, slots }).tools;
  await expect(tool?.execute(toolCall())).rejects.toThrow(full);
  await expect(hostTool?.execute(toolCall())).rejects.toThrow(full);
  await end();
  expect(await tool?.execute(toolCall())).toMatchObject({ text: '1' });
});
