import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HeaderValue } from '../../src/agents/declared-headers.ts';
import { createMcpSource } from '../../src/tools/mcp/mcp-source.ts';
import type { ToolSource } from '../../src/tools/tool-source.ts';
import { collectingLog } from '../support/collecting-log.ts';
import { startMcpHttpServer, type McpHttpServer } from '../support/mcp-http-server.ts';
import { everythingProgram, McpHttpProgram } from '../support/mcp-programs.ts';
import { toolCall } from '../support/scripted-tool.ts';
import { until } from '../support/wait.ts';

const never = new AbortController().signal;
const env = { SHOP_TOKEN: 'shop-token-123' };

let remote: McpHttpServer;
let open: ToolSource[];

beforeEach(async () => {
  open = [];
  remote = await startMcpHttpServer();
});
afterEach(async () => {
  await Promise.all(open.map(async (source) => await source.close?.()));
  await remote.close();
});

function source(headers: Record<string, HeaderValue> = {}, url = remote.url): ToolSource {
  const made = createMcpSource(
    { name: 'box', type: 'mcp', server: { url, headers }, sideEffects: true, sideEffectsDeclared: false },
    { env, log: collectingLog(), mcpCommandsAllow: [] },
  );
  open.push(made);
  return made;
}

async function call(
  from: ToolSource,
  name: string,
  args: Record<string, unknown> = {},
  context: Record<string, unknown> = {},
): Promise<string> {
  const tool = (await from.tools(never, context)).find((one) => one.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return (await tool.execute(toolCall(args, { context }))).text;
}

/** What the requests with this JSON-RPC method carried in a header. */
function sent(header: string, rpcMethod: string): unknown[] {
  const requests = remote.requests.filter((request) => request.rpcMethod === rpcMethod);
  return requests.map(({ headers }) => headers[header]);
}

describe('a server over HTTP', () => {
  test('keeps one session over runs, and is told when it ends', async () => {
    const one = source();
    expect(await call(one, 'box_echo', { text: 'one' })).toBe('one');
    expect(await call(one, 'box_echo', { text: 'two' })).toBe('two');
    expect(sent('mcp-session-id', 'tools/call')).toEqual(['session-1', 'session-1']);
    expect(sent('accept', 'tools/list')).toHaveLength(3);
    await one.close?.();
    expect(remote.requests.at(-1)).toMatchObject({
      method: 'DELETE',
      headers: { 'mcp-session-id': 'session-1' },
    });
  });

  test('that forgot the session gets a new one, and the call is made all the same', async () => {
    const one = source();
    const [, ask] = await one.tools(never);
    const [echo] = await one.tools(never);
    remote.forgetSessions();
    expect(ask?.sideEffects).toBe(true);
    expect(await echo?.execute(toolCall({ text: 'again' }))).toMatchObject({ text: 'again' });
    expect(sent('mcp-session-id', 'tools/call')).toEqual(['session-1', 'session-2']);
  });

  test('gets the headers that are declared, and says nothing of their secrets', async () => {
    const one = source({ 'X-Shop': { env: 'SHOP_TOKEN', prefix: 'Key ' }, 'X-Mode': 'test' });
    expect(await call(one, 'box_echo', { text: 'my shop-token-123' })).toBe('my ***');
    expect(sent('x-shop', 'tools/call')).toEqual(['Key shop-token-123']);
    expect(sent('x-mode', 'tools/list')[0]).toBe('test');
  });

  test('has a session for each value that callers bring', async () => {
    const one = source({ Authorization: { context: 'token', prefix: 'Bearer ' } });
    await call(one, 'box_echo', { text: 'a' }, { token: 'alice-1' });
    await call(one, 'box_echo', { text: 'b' }, { token: 'bob-2' });
    await call(one, 'box_echo', { text: 'c' }, { token: 'alice-1' });
    expect(sent('authorization', 'tools/call')).toEqual(['Bearer alice-1', 'Bearer bob-2', 'Bearer alice-1']);
    const [alice, bob, again] = sent('mcp-session-id', 'tools/call');
    expect(alice).not.toBe(bob);
    expect(again).toBe(alice);
  });

  test('is asked for the protocol of 2026 first', async () => {
    const modern = await startMcpHttpServer(true);
    const one = source({ 'X-Shop': { env: 'SHOP_TOKEN' } }, modern.url);
    expect(await call(one, 'box_echo', { text: 'new' })).toBe('new');
    expect(modern.requests.map(({ rpcMethod }) => rpcMethod)).not.toContain('initialize');
    expect(modern.requests.every(({ headers }) => headers['x-shop'] === 'shop-token-123')).toBe(true);
    await modern.close();
  });

  test('that redirects is not followed: no header goes elsewhere', async () => {
    const other = await startMcpHttpServer();
    remote.redirectTo(other.url);
    const one = source({ 'X-Shop': { env: 'SHOP_TOKEN' } });
    await expect(one.tools(never)).rejects.toThrow(/cannot be reached: it answers with a redirect/);
    expect(other.requests).toEqual([]);
    await other.close();
  });

  test('that is not there is said to be so', async () => {
    const { url } = remote;
    await remote.close();
    await expect(source({}, url).tools(never)).rejects.toThrow(/The MCP server cannot be reached/);
  });
});

describe('server-everything over streamable HTTP', () => {
  let everything: McpHttpProgram;

  beforeEach(async () => (everything = await McpHttpProgram.start(everythingProgram, 'streamableHttp')));
  afterEach(async () => await everything.kill());

  test('answers, streams progress, cancels, and is back after it was killed', async () => {
    const one = source({}, everything.url);
    expect(await call(one, 'box_get-sum', { a: 2, b: 3 })).toBe('The sum of 2 and 3 is 5.');
    const long = (await one.tools(never)).find(({ name }) => name === 'box_trigger-long-running-operation');
    const seen: string[] = [];
    await long?.execute(
      toolCall(
        { duration: 0.2, steps: 2 },
        { report: ({ summary, status }) => seen.push(`${summary} ${status}`) },
      ),
    );
    expect(seen.slice(0, 1)).toEqual(['1 of 2 in_progress']);
    const hanging = toolCall({ duration: 60, steps: 1 }, { signal: AbortSignal.timeout(100) });
    await expect(long?.execute(hanging)).rejects.toThrow(/timeout/);

    const broken = long?.execute(toolCall({ duration: 60, steps: 1 }));
    const failure = expect(broken).rejects.toThrow(/The MCP server c/);
    await everything.kill();
    await failure;
    await everything.start();
    const back = async (): Promise<boolean> =>
      await call(one, 'box_echo', { message: 'hi' }).then(
        (text) => text === 'Echo: hi',
        () => false,
      );
    await until(back, { what: 'the server to be used again', timeoutMs: 15_000 });
  });
});
