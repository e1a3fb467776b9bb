import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { McpCommand, McpToolDefinition } from '../../src/agents/tool-types/mcp.ts';
import { createMcpSource } from '../../src/tools/mcp/mcp-source.ts';
import type { ToolSource } from '../../src/tools/tool-source.ts';
import type { ToolCall, ToolStep } from '../../src/tools/tool.ts';
import { collectingLog } from '../support/collecting-log.ts';
import { toolCall } from '../support/scripted-tool.ts';
import { until } from '../support/wait.ts';

const script = join(import.meta.dirname, '../support/mcp-stdio-server.ts');
const everything = join(
  import.meta.dirname,
  '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);
const env = {
  PATH: process.env['PATH'],
  HOME: '/nowhere',
  SHOP_TOKEN: 'shop-token-123',
  OTHER: 'canary-456',
};
const never = new AbortController().signal;

let log: ReturnType<typeof collectingLog>;
let open: ToolSource[];

beforeEach(() => {
  log = collectingLog();
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map(async (source) => await source.close?.()));
});

function source(server: Partial<McpCommand> = {}, changes: Partial<McpToolDefinition> = {}): ToolSource {
  const command = { command: [process.execPath, script], env: {}, ...server };
  const definition: McpToolDefinition = {
    name: 'box',
    type: 'mcp',
    server: command,
    sideEffects: true,
    sideEffectsDeclared: false,
    ...changes,
  };
  const made = createMcpSource(definition, { env, log, mcpCommandsAllow: [process.execPath] });
  open.push(made);
  return made;
}

/** Calls a tool of the list that the source has now. */
async function call(
  from: ToolSource,
  name: string,
  args: Record<string, unknown> = {},
  changes: Partial<ToolCall> = {},
): Promise<string> {
  const tool = (await from.tools(never)).find((one) => one.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return (await tool.execute(toolCall(args, changes))).text;
}

async function names(from: ToolSource): Promise<string[]> {
  return (await from.tools(never)).map(({ name }) => name);
}

async function pidOf(from: ToolSource): Promise<number> {
  return Number(await call(from, 'box_pid'));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the tools of a started server', () => {
  test('are all of its pages, named after the declaration; one without a usable schema is left out', async () => {
    const tools = await source().tools(never);
    expect(tools.map(({ name, sideEffects }) => [name, sideEffects])).toEqual([
      ['box_echo', false],
      ['box_ask_back', true],
      ['box_hang', false],
      ['box_cancelled', true],
      ['box_grow', true],
      ['box_fail', true],
      ['box_pid', true],
      ['box_huge', true],
      ['box_die', true],
    ]);
    expect(new Set(tools.map(({ source }) => source))).toEqual(new Set(['box']));
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('Its tool "broken" is left out: schema is invalid'),
    ]);
  });

  test('are those that the declaration lists, and it says which the server lacks', async () => {
    const some = source({}, { tools: ['grow', 'echo', 'missing'], sideEffectsDeclared: true });
    const tools = await some.tools(never);
    expect(tools.map(({ name, sideEffects }) => [name, sideEffects])).toEqual([
      ['box_echo', true],
      ['box_grow', true],
    ]);
    expect(log.lines).toContainEqual('warn MCP server box: It has no tool "missing".');
  });

  test('take their arguments by the schema of the server, whatever its draft', async () => {
    const [echo] = await source().tools(never);
    expect(echo?.validate({})).toEqual(['text is required']);
    expect(await echo?.execute(toolCall({ text: 'hello' }))).toEqual({ text: 'hello', summary: 'text' });
  });

  test('are read again when the server says that they have changed', async () => {
    const growing = source();
    await call(growing, 'box_grow');
    expect(await names(growing)).toContain('box_grown');
    expect(await call(growing, 'box_grown')).toBe('I am new.');
  });

  test('fail with the words of the server', async () => {
    await expect(call(source(), 'box_fail')).rejects.toThrow('the shelf is empty');
  });

  test('are declined what they ask of their client', async () => {
    expect(JSON.parse(await call(source(), 'box_ask_back'))).toEqual([-32601, -32601, -32601]);
  });
});

describe('calls', () => {
  test('that are aborted are cancelled at the server', async () => {
    const one = source();
    await one.tools(never);
    await expect(call(one, 'box_hang', {}, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
    expect(JSON.parse(await call(one, 'box_cancelled'))).toHaveLength(1);
  });

  test('tell of their progress as steps that begin and end', async () => {
    const args = [everything, 'stdio'];
    const steps: ToolStep[] = [];
    const long = source({ command: [process.execPath, ...args] });
    const report = (step: ToolStep): void => void steps.push(step);
    await call(long, 'box_trigger-long-running-operation', { duration: 0.2, steps: 3 }, { report });
    expect(steps.slice(0, 3)).toMatchObject([
      { id: 'progress-1', status: 'in_progress', summary: '1 of 3' },
      { id: 'progress-1', status: 'completed' },
      { id: 'progress-2', status: 'in_progress', summary: '2 of 3' },
    ]);
    expect(steps.at(-1)?.status).toBe('completed');
  });

  test('share one process, also over several runs', async () => {
    const one = source();
    const pids = await Promise.all([pidOf(one), pidOf(one), pidOf(one)]);
    expect(new Set(pids).size).toBe(1);
  });

  test('find a killed server alive again', async () => {
    const one = source();
    const first = await pidOf(one);
    process.kill(first, 'SIGKILL');
    await until(() => !isAlive(first), { what: 'the server to be gone' });
    const [echo] = await one.tools(never);
    expect(await echo?.execute(toolCall({ text: 'back' }))).toMatchObject({ text: 'back' });
    expect(await pidOf(one)).not.toBe(first);
  });

  test('that change something are not made twice when the server dies over them', async () => {
    const one = source();
    await expect(call(one, 'box_die')).rejects.toThrow('The MCP server could not do it: it ended.');
    expect(await call(one, 'box_echo', { text: 'still here' })).toBe('still here');
  });

  test('end when the answer is too large, and the next one finds a server', async () => {
    const one = source();
    await expect(call(one, 'box_huge', { bytes: 5_000_000 })).rejects.toThrow(/could not do it/);
    expect(await call(one, 'box_huge', { bytes: 3 })).toBe('xxx');
  }, 60_000);
});

describe('a server', () => {
  test('that speaks the protocol of 2026 only is spoken to in it', async () => {
    const one = source({ command: [process.execPath, script, '--modern'] });
    expect(await call(one, 'box_echo', { text: 'new' })).toBe('new');
    await expect(call(one, 'box_fail')).rejects.toThrow('the shelf is empty');
  });

  test('gets no environment of the gateway but what is declared, and its output hides that', async () => {
    const command = [process.execPath, everything];
    const one = source({ command, env: { GIVEN: { env: 'SHOP_TOKEN' }, MODE: 'test' } });
    const shown = JSON.parse(await call(one, 'box_get-env')) as Record<string, string>;
    expect(shown).toMatchObject({ HOME: '/nowhere', GIVEN: '***', MODE: 'test' });
    expect(JSON.stringify(shown)).not.toContain('canary-456');
  });

  test('logs for debugging only, without its secrets', async () => {
    await source({ env: { GIVEN: { env: 'SHOP_TOKEN' } } }).tools(never);
    await until(() => log.lines.includes('debug MCP server box: started with ***'), { what: 'its output' });
  });

  test('logs lines masked before they are cut, and none that is too long', async () => {
    const program = `
      const { GIVEN } = process.env;
      process.stderr.write('x'.repeat(492) + GIVEN + '\\n' + 'y'.repeat(200_000) + GIVEN + '\\nlast\\n');`;
    const command = [process.execPath, '-e', program];
    await expect(source({ command, env: { GIVEN: { env: 'SHOP_TOKEN' } } }).tools(never)).rejects.toThrow();
    await until(() => log.lines.includes('debug MCP server box: last'), { what: 'its output' });
    const [first] = log.lines.filter((line) => line.includes('xxx'));
    expect(first).toBe(`debug MCP server box: ${'x'.repeat(492)}***`);
    expect(log.lines).toContain('debug MCP server box: [a line that is too long]');
    expect(log.lines.filter((line) => /shop-|yyy/.test(line))).toEqual([]);
  });

  test('that needs a variable which is not set is not started', async () => {
    const one = source({ env: { GIVEN: { env: 'NOT_SET' } } });
    await expect(one.tools(never)).rejects.toThrow("needs the gateway's environment variable NOT_SET");
  });

  test('that is not on the list is not started, although its agent was loaded', async () => {
    const one = source({ command: ['/bin/true'] });
    await expect(one.tools(never)).rejects.toThrow('is not in MCP_COMMANDS_ALLOW');
  });

  test('that cannot start is left alone for a moment', async () => {
    const one = source({ command: [process.execPath, join(script, 'missing.js')] });
    await expect(one.tools(never)).rejects.toThrow('The MCP server cannot be reached: it ended.');
    await expect(one.tools(never)).rejects.toThrow(
      /could not be reached a moment ago; it is tried again in 1 s/,
    );
  });

  test('ends with its source, even if it does not want to', async () => {
    const stubborn = source({ command: [process.execPath, script, '--stubborn'] });
    const pid = await pidOf(stubborn);
    await stubborn.close?.();
    await until(() => !isAlive(pid), { what: 'the server to be gone' });
  });
});
