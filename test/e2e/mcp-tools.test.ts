import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Probe } from '../../src/runs/probe.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startMcpHttpServer, type McpHttpServer } from '../support/mcp-http-server.ts';
import { everythingProgram, filesystemProgram } from '../support/mcp-programs.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { expectWhole, readEvents, stepsOf, streamedText, type SeenEvent } from '../support/run-events.ts';
import { until } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');
const node = process.execPath;
const everything = [node, everythingProgram];
const files = [node, filesystemProgram, join(root, 'agent-cards/guide')];
const scripted = [node, join(root, 'test/support/mcp-stdio-server.ts')];
const canaries = { SHOP_TOKEN: 'canary-shop-5c1e', OTHER_SECRET: 'canary-other-77ab' };

let model: ModelServer;
let remote: McpHttpServer;
let gateway: TestGateway;
let replies: Reply[] = [];

beforeAll(async () => {
  Object.assign(process.env, canaries);
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  remote = await startMcpHttpServer();
  gateway = await startGateway({
    files: {
      'many.yaml': agentFile('many', { tools: [mcp('every', everything), mcp('files', files)] }),
      'box.yaml': agentFile('box', { tools: [{ ...mcp('box', scripted), timeoutSeconds: 0.3 }] }),
      'lame.yaml': agentFile('lame', { tools: [mcp('gone', [node, '/nowhere.js']), mcp('box', scripted)] }),
      'far.yaml': agentFile('far', { tools: [{ name: 'far', type: 'mcp', url: remote.url }] }),
      'known.yaml': agentFile('known', {
        contextVariables: [{ name: 'token', schema: { type: 'string' }, secret: true }],
        tools: [{ name: 'far', type: 'mcp', url: remote.url, headers: { 'X-Token': { context: 'token' } } }],
      }),
      'strange.yaml': agentFile('strange', { tools: [mcp('strange', ['/bin/sh', '-c', 'id'])] }),
    },
    env: { ...modelEnv(model.baseUrl), ...canaries, MCP_COMMANDS_ALLOW: `${node}, npx -y @scope/server` },
  });
});

afterAll(async () => {
  await gateway.stop();
  await remote.close();
  await model.close();
  for (const name of Object.keys(canaries)) delete process.env[name];
});

beforeEach(() => {
  replies = [];
});

function mcp(name: string, command: string[]): object {
  return { name, type: 'mcp', command };
}

async function stream(agentId: string): Promise<SeenEvent[]> {
  const events = await readEvents(
    await post(gateway.url, agentId, rpc('SendStreamingMessage', v1Text('Please.')), {
      headers: { 'A2A-Version': '1.0' },
    }),
  );
  expectWhole(events);
  return events;
}

/** The probe of a run, as JSON. */
async function probeOf(agentId: string, contextValues: object = {}): Promise<string> {
  const response = await fetch(`${gateway.url}/api/v1/agents/${agentId}/answer?userText=Please`, {
    method: 'POST',
    headers: { Authorization: `SSWS ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ contextValues }),
  });
  const { probe } = (await response.json()) as { probe: Probe };
  return JSON.stringify(probe);
}

/** What the model read of the calls that it made in one run. */
async function resultsOf(
  agentId: string,
  ...calls: { name: string; arguments: object }[]
): Promise<string[]> {
  replies = [toolCalls(calls), text('Done.')];
  const before = model.requests.length;
  const events = await stream(agentId);
  expect(streamedText(events)).toBe('Done.');
  const messages = model.requests.slice(before).at(-1)?.body.messages ?? [];
  return messages.filter(({ role }) => role === 'tool').map(({ content }) => content ?? '');
}

describe('a run', () => {
  test('uses two started servers, which see nothing of the secrets of the gateway', async () => {
    const [shown, sum, guide] = await resultsOf(
      'many',
      { name: 'every_get-env', arguments: {} },
      { name: 'every_get-sum', arguments: { a: 19, b: 23 } },
      { name: 'files_read_text_file', arguments: { path: 'models.md' } },
    );
    expect(JSON.parse(shown ?? '')).toMatchObject({ PATH: expect.any(String) });
    for (const secret of [...Object.values(canaries), adminKey, 'test-model-key-000000']) {
      expect(shown).not.toContain(secret);
    }
    expect(sum).toBe('The sum of 19 and 23 is 42.');
    expect(guide).toMatch(/^# Models/);
    expect(guide?.match(/# Models/g)).toHaveLength(1);
  });

  test('is kept within the folder that the server is given', async () => {
    const path = join(root, 'package.json');
    const [result] = await resultsOf('many', { name: 'files_read_text_file', arguments: { path } });
    expect(result).toMatch(/^Error: .*outside allowed directories/);
  });

  test('calls a server over HTTP', async () => {
    const [result] = await resultsOf('far', { name: 'far_echo', arguments: { text: 'from afar' } });
    expect(result).toBe('from afar');
  });

  test('finds a killed server alive again', async () => {
    const pid = async (): Promise<number> =>
      Number((await resultsOf('box', { name: 'box_pid', arguments: {} }))[0]);
    const first = await pid();
    process.kill(first, 'SIGKILL');
    const second = await pid();
    expect(second).toBeGreaterThan(0);
    expect(second).not.toBe(first);
  });

  test('gets over a tool that hangs: the call is cancelled at the server too', async () => {
    const [hung] = await resultsOf('box', { name: 'box_hang', arguments: {} });
    expect(hung).toBe('Error: The tool did not answer within 0.3 s.');
    await until(
      async () => (await resultsOf('box', { name: 'box_cancelled', arguments: {} }))[0]?.match(/\d/),
      { what: 'the server to hear of it' },
    );
  });

  test('is offered a tool that the server got in between', async () => {
    await resultsOf('box', { name: 'box_grow', arguments: {} });
    const [result] = await resultsOf('box', { name: 'box_grown', arguments: {} });
    expect(result).toBe('I am new.');
  });

  test('goes on without a server that does not start, and says so', async () => {
    replies = [toolCalls([{ name: 'box_echo', arguments: { text: 'still' } }]), text('Done.')];
    const before = model.requests.length;
    const events = await stream('lame');
    const steps = stepsOf(events).filter(({ tool }) => tool === 'gone');
    expect(steps.map(({ name, status, summary }) => [name, status, summary])).toEqual([
      ['Tools of gone', 'in_progress', undefined],
      ['Tools of gone', 'failed', 'not available'],
    ]);
    const offered = model.requests[before]?.body.tools?.map(({ function: { name } }) => name) ?? [];
    expect(offered.filter((name) => !name.startsWith('box_'))).toEqual([]);
    expect(streamedText(events)).toBe('Done.');
  });

  test("brings the caller's values to the server, already when it asks for the tools", async () => {
    const from = remote.requests.length;
    replies = [toolCalls([{ name: 'far_echo', arguments: { text: 'with caller-token-9' } }]), text('Done.')];
    const probe = await probeOf('known', { token: 'caller-token-9' });
    expect(probe).not.toContain('caller-token-9');
    expect(probe).toContain('with ***');
    const sent = remote.requests.slice(from).map(({ headers }) => headers['x-token']);
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent)).toEqual(new Set(['caller-token-9']));
  });

  test('tells the probe why', async () => {
    replies = [text('Done.')];
    expect(await probeOf('lame')).toMatch(
      /The MCP server (cannot be reached: it ended|could not be reached)/,
    );
  });
});

test('an agent whose command is not on the list is reported and not served', () => {
  expect(gateway.agents.list().map(({ id }) => id)).not.toContain('strange');
  expect(gateway.logged()).toMatch(
    /strange\.yaml:\d+ execution\.tools\[0\]\.command — is not allowed.*MCP_COMMANDS_ALLOW/,
  );
});

test('the servers end with the gateway, and no secret was logged', async () => {
  const [pid] = await resultsOf('box', { name: 'box_pid', arguments: {} });
  await gateway.stop();
  expect(() => process.kill(Number(pid), 0)).toThrow();
  for (const secret of Object.values(canaries)) expect(gateway.logged()).not.toContain(secret);
});
