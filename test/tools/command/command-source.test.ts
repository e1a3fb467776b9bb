import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandToolDefinition } from '../../../src/agents/tool-types/command.ts';
import { CommandSource, type CommandDependencies } from '../../../src/tools/command/command-source.ts';
import { ProgramSlots } from '../../../src/tools/command/program-slots.ts';
import { ToolError, type ToolCall, type ToolResult } from '../../../src/tools/tool.ts';
import { toolCall } from '../../support/scripted-tool.ts';
import { signalGroup } from '../../support/signal-group.ts';
import { until } from '../../support/wait.ts';

const node = process.execPath;
const commands = { allow: ['/bin/other', node], signalGroup, slots: new ProgramSlots() };

let folder: string;
beforeAll(async () => {
  folder = realpathSync(await mkdtemp(join(tmpdir(), 'command-')));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** A tool that runs a piece of JavaScript. */
function source(
  script: string,
  declared: Partial<CommandToolDefinition> = {},
  deps: Partial<CommandDependencies> = {},
): CommandSource {
  const definition: CommandToolDefinition = {
    name: 'run',
    type: 'command',
    command: node,
    args: ['-e', script, '{value}'],
    parameters: { type: 'object', properties: { value: {} } },
    env: {},
    ...declared,
  };
  return new CommandSource(definition, { env: {}, commands, ...deps });
}

async function call(from: CommandSource, changes: Partial<ToolCall> = {}): Promise<ToolResult> {
  const [tool] = await from.tools();
  if (!tool) throw new Error('There is no tool');
  return await tool.execute(toolCall({}, changes));
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToolError);
  return (error as ToolError).message;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function fileOf(name: string): Promise<string> {
  const path = join(folder, name);
  await until(() => existsSync(path), { what: `${name} to be written` });
  return await until(async () => await readFile(path, 'utf8'), { what: `${name} to be filled` });
}

describe('whether a program may be run', () => {
  test.each<[what: string, deps: Partial<CommandDependencies>]>([
    ['by default', { commands: undefined }],
    ['when nothing is listed', { commands: { ...commands, allow: [] } }],
    ['when another one is listed', { commands: { ...commands, allow: ['/bin/other', `${node}x`] } }],
  ])('it may not %s', async (_what, deps) => {
    const refused = source('', {}, deps);
    expect(await failure(refused.tools())).toBe(
      `TOOL_COMMANDS_ALLOW does not list ${node}, so it is not run.`,
    );
  });

  test('one that is listed may, and is taken to change something', async () => {
    expect(await source('').tools()).toMatchObject([
      { name: 'run', description: `Runs ${node}.`, sideEffects: true },
    ]);
    expect(await source('', { sideEffects: false, timeoutSeconds: 2 }).tools()).toMatchObject([
      { sideEffects: false, timeoutSeconds: 2 },
    ]);
    expect(() => source('', { parameters: { type: 'nonsense' } })).toThrow(/schema is invalid/);
  });
});

describe('a program', () => {
  test('gets its arguments as they are, without a shell', async () => {
    const value = `a b' "c" $HOME \`id\` ; * > x`;
    const [tool] = await source('console.log(JSON.stringify(process.argv.slice(1)))').tools();
    expect(await tool?.execute(toolCall({ value }))).toEqual({
      text: JSON.stringify([value]),
      summary: 'ended with the exit code 0',
      detail: { exitCode: 0 },
    });
  });

  test('has an environment of its own, and nothing of the gateway', async () => {
    const env = {
      SHOP: 'Köln',
      TOKEN: { env: 'SHOP_TOKEN', prefix: 'Bearer ' },
      CUSTOMER: { context: 'customer' },
      ABSENT: { context: 'absent' },
    };
    const gateway = { PATH: '/usr/bin', LANG: 'de_DE.UTF-8', OPENAI_API_KEY: 'sk-1', SHOP_TOKEN: 's3cret' };
    const script = 'process.stdout.write(JSON.stringify({ env: process.env, cwd: process.cwd() }))';
    const { text } = await call(source(script, { env }, { env: gateway }), { context: { customer: 'C-77' } });
    const seen = JSON.parse(text) as { env: Record<string, string>; cwd: string };
    const home = seen.env['HOME'] ?? '';
    expect(seen.env).toEqual({
      PATH: '/usr/bin',
      LANG: 'de_DE.UTF-8',
      HOME: home,
      TMPDIR: home,
      SHOP: 'Köln',
      TOKEN: 'Bearer ***',
      CUSTOMER: '***',
    });
    expect(home).toMatch(/a2a-command-/);
    expect(existsSync(home)).toBe(false);
  });

  test('begins in its working directory, with nothing to read', async () => {
    const script = 'console.log(process.cwd(), require("fs").readFileSync(0, "utf8").length)';
    expect((await call(source(script, { workingDirectory: folder }))).text).toBe(`${folder} 0`);
    expect((await call(source(script))).text).toMatch(/a2a-command-\w+ 0$/);
  });

  test('that prints too much ends all the same', async () => {
    const script =
      'for (let i = 0; i < 40; i += 1) process.stdout.write("x".repeat(100000)); process.exitCode = 0';
    const { text } = await call(source(script));
    expect(text).toBe(`${'x'.repeat(1_000_000)}\n[cut: the program printed more than 1 MB]`);
  });

  test('that prints nothing says so; its complaints are for the probe', async () => {
    expect(await call(source('console.error("hm")'))).toEqual({
      text: 'The program ended without output.',
      summary: 'ended with the exit code 0',
      detail: { exitCode: 0, stderr: 'hm' },
    });
  });

  test('that leaves somebody behind is not waited for', async () => {
    const script = `
      const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(child.pid); child.unref(); process.exit(0);`;
    const pid = Number((await call(source(script))).text);
    expect(pid).toBeGreaterThan(1);
    await until(() => !isAlive(pid), { what: 'the one left behind to end' });
  });
});

describe('a failure', () => {
  test.each<[what: string, script: string, sentence: RegExp]>([
    [
      'an exit code',
      'console.error("no such order"); process.exit(3)',
      /^The program ended with the exit code 3: no such order$/,
    ],
    [
      'one without complaints',
      'console.log("out"); process.exit(1)',
      /^The program ended with the exit code 1: out$/,
    ],
    ['one without words', 'process.exit(2)', /^The program ended with the exit code 2\.$/],
    ['a signal', 'process.kill(process.pid, "SIGKILL")', /^The program ended by SIGKILL\.$/],
  ])('%s is told', async (_what, script, sentence) => {
    expect(await failure(call(source(script)))).toMatch(sentence);
  });

  test('the last lines are quoted, secrets masked', async () => {
    const script = 'console.error("x".repeat(50000) + "\\nlast " + process.env.TOKEN); process.exit(1)';
    const declared = { env: { TOKEN: { env: 'SECRET' } } };
    const sentence = await failure(call(source(script, declared, { env: { SECRET: 's3cret' } })));
    expect(sentence).toMatch(/x\nlast \*\*\*$/);
    expect(sentence.length).toBeLessThan(1100);
  });

  test('a program that is not there, and a variable that is not set', async () => {
    const command = join(folder, 'nothing');
    const gone = source('', { command }, { commands: { ...commands, allow: [command] } });
    expect(await failure(call(gone))).toBe(`The program ${command} could not be started.`);
    expect(await failure(call(source('', { env: { A: { env: 'NOPE' } } })))).toBe(
      "The gateway's environment variable NOPE is needed and not set.",
    );
  });
});

describe('an end from outside', () => {
  /** Writes its process id and that of a child into a file, and goes on. */
  const family = (name: string, onTerm: string): string => `
    const { spawn } = require('child_process');
    process.on('SIGTERM', () => { ${onTerm} });
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
    require('fs').writeFileSync(${JSON.stringify(name)}, process.pid + ' ' + child.pid);
    setInterval(() => {}, 1000);`;
  const pids = async (name: string): Promise<number[]> => (await fileOf(name)).split(' ').map(Number);

  test.each([
    ['heeds SIGTERM', 'process.exit(0)'],
    ['does not', ''],
  ])('the whole family ends when the signal aborts and the program %s', async (what, onTerm) => {
    const name = join(folder, what);
    const stop = new AbortController();
    const running = call(source(family(name, onTerm)), { signal: stop.signal });
    const ended = expect(running).rejects.toThrow('canceled');
    const alive = await pids(what);
    expect(alive.map(isAlive)).toEqual([true, true]);
    stop.abort(new Error('canceled'));
    await ended;
    await until(() => !alive.some(isAlive), { what: 'the family to end' });
  });

  test('close ends what runs, and waits for it', async () => {
    const closing = source(family(join(folder, 'closing'), ''));
    const ended = expect(failure(call(closing))).resolves.toBe('The program ended by SIGKILL.');
    const alive = await pids('closing');
    await closing.close();
    await ended;
    await until(() => !alive.some(isAlive), { what: 'the family to end' });
  });

  test('nothing is started once the signal has aborted', async () => {
    const name = join(folder, 'never');
    const script = `require('fs').writeFileSync(${JSON.stringify(name)}, 'x')`;
    await expect(call(source(script), { signal: AbortSignal.abort(new Error('canceled')) })).rejects.toThrow(
      'canceled',
    );
    expect(existsSync(name)).toBe(false);
  });
});
