import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { McpToolDefinition } from '../../src/agents/tool-types/mcp.ts';
import { offeredTools, type OfferedTool } from '../../src/tools/mcp/listing.ts';
import { McpServer } from '../../src/tools/mcp/mcp-server.ts';
import { openStdioTransport } from '../../src/tools/mcp/stdio-transport.ts';
import { collectingLog } from '../support/collecting-log.ts';
import { until } from '../support/wait.ts';

const never = new AbortController().signal;
const command = [process.execPath, join(import.meta.dirname, '../support/mcp-stdio-server.ts')];
const definition: McpToolDefinition = {
  name: 'box',
  type: 'mcp',
  server: { command, env: {} },
  sideEffects: true,
  sideEffectsDeclared: false,
};

let server: McpServer;
let opened = 0;

afterEach(async () => await server.close());

function serverWith(idleMs: number): McpServer {
  opened = 0;
  const log = collectingLog();
  return new McpServer({
    name: 'box',
    open: async () => {
      opened += 1;
      const child = { command, env: {} };
      const transport = await openStdioTransport({
        server: child,
        env: {},
        allowed: [process.execPath],
        onLine: () => undefined,
      });
      return { transport, local: true, negotiate: false };
    },
    offer: async (connection, signal) =>
      offeredTools(definition, await connection.listTools(signal), {
        warn: () => undefined,
        mask: (text) => text,
      }),
    mask: (text) => text,
    log,
    idleMs,
  });
}

async function toolNamed(name: string): Promise<OfferedTool> {
  const found = (await server.tools(never)).find((tool) => tool.remoteName === name);
  if (!found) throw new Error(`no tool ${name}`);
  return found;
}

async function pid(): Promise<number> {
  const { content } = await server.call({ tool: await toolNamed('pid'), arguments: {}, signal: never });
  const [block] = content;
  return block?.type === 'text' ? Number(block.text) : 0;
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

test('a server that nobody uses is ended, and started again for the next run', async () => {
  server = serverWith(30);
  const first = await pid();
  await until(() => !isAlive(first), { what: 'the idle server to end' });
  expect(await pid()).not.toBe(first);
  expect(opened).toBe(2);
});

test('a server is not idle while it works on a call', async () => {
  server = serverWith(30);
  const hang = await toolNamed('hang');
  const abort = new AbortController();
  const hanging = server.call({ tool: hang, arguments: {}, signal: abort.signal });
  const failure = expect(hanging).rejects.toThrow('enough');
  const first = await pid();
  const again = Promise.all(Array.from({ length: 3 }, async () => await pid()));
  expect(new Set(await again)).toEqual(new Set([first]));
  abort.abort(new Error('enough'));
  await failure;
  expect(opened).toBe(1);
});

test('only so many calls are with the server at a time: more wait, and heed their signal', async () => {
  server = serverWith(60_000);
  const hang = await toolNamed('hang');
  const abort = new AbortController();
  const calls = Array.from({ length: 8 }, () =>
    server.call({ tool: hang, arguments: {}, signal: abort.signal }),
  );
  const ended = Promise.allSettled(calls);
  const late = server.call({
    tool: await toolNamed('pid'),
    arguments: {},
    signal: AbortSignal.timeout(50),
  });
  await expect(late).rejects.toThrow(/timeout/);
  const next = server.call({ tool: await toolNamed('pid'), arguments: {}, signal: never });
  abort.abort(new Error('enough'));
  expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  expect((await next).content).toHaveLength(1);
});
