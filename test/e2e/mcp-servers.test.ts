import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { everythingProgram, filesystemProgram, McpHttpProgram } from '../support/mcp-programs.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { seenTask } from '../support/run-events.ts';

/** Which children a process has stands in /proc, on Linux only. */
const linuxDescribe = existsSync(`/proc/self/task/${process.pid}/children`) ? describe : describe.skip;

const root = join(import.meta.dirname, '../..');
const node = process.execPath;
const everything = [everythingProgram];
const filesystem = [filesystemProgram, join(root, 'agent-cards/guide')];
const bridge = join(root, 'test/support/mcp-http-bridge.ts');

let model: ModelServer;
let gateway: TestGateway;
let far: Record<string, McpHttpProgram>;
let replies: (() => Reply)[] = [];

beforeAll(async () => {
  const [farEverything, farFilesystem] = await Promise.all([
    McpHttpProgram.start(...everything, 'streamableHttp'),
    McpHttpProgram.start(bridge, ...filesystem),
  ]);
  far = { 'far-everything': farEverything, 'far-filesystem': farFilesystem };
  model = await startModelServer(() => replies.shift()?.() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: {
      'everything.yaml': agentWith('everything', { command: [node, ...everything] }),
      'filesystem.yaml': agentWith('filesystem', { command: [node, ...filesystem] }),
      'far-everything.yaml': agentWith('far-everything', { url: farEverything.url }),
      'far-filesystem.yaml': agentWith('far-filesystem', { url: farFilesystem.url }),
    },
    env: { ...modelEnv(model.baseUrl), MCP_COMMANDS_ALLOW: node },
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  for (const program of Object.values(far)) await program.kill();
});

beforeEach(() => {
  replies = [];
});

function agentWith(id: string, server: object): object {
  return agentFile(id, { tools: [{ name: 'box', type: 'mcp', ...server }] });
}

interface Use {
  name: string;
  arguments: object;
}

const sum: Use = { name: 'box_get-sum', arguments: { a: 19, b: 23 } };
const read: Use = { name: 'box_read_text_file', arguments: { path: 'models.md' } };
const sumIs = /^The sum of 19 and 23 is 42\.$/;
const guideIs = /^# Models/;

/** What the model read of the calls that it made in one run, one after the other. */
async function resultsOf(agentId: string, ...turns: (() => Use)[]): Promise<(string | null)[]> {
  replies = [...turns.map((turn) => () => toolCalls([turn()])), () => text('Done.')];
  const response = await post(gateway.url, agentId, rpc('SendMessage', v1Text('Please.')), {
    headers: { 'A2A-Version': '1.0' },
  });
  const { result } = (await response.json()) as { result: unknown };
  expect(seenTask(result).state).toBe('completed');
  const messages = model.requests.at(-1)?.body.messages ?? [];
  return messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
}

describe.each<[string, Use, RegExp]>([
  ['far-everything', sum, sumIs],
  ['far-filesystem', read, guideIs],
])('over HTTP, %s', (agentId, use, result) => {
  test('is used by a run, and by the next after it was killed and started again', async () => {
    expect(await resultsOf(agentId, () => use)).toEqual([expect.stringMatching(result)]);
    await far[agentId]?.kill();
    await far[agentId]?.start();
    expect(await resultsOf(agentId, () => use)).toEqual([expect.stringMatching(result)]);
  });
});

linuxDescribe.each<[string, string, Use, RegExp]>([
  ['everything', everythingProgram, sum, sumIs],
  ['filesystem', filesystemProgram, read, guideIs],
])('over stdio, %s', (agentId, program, use, result) => {
  test('is back for the next run when its process is killed', async () => {
    expect(await resultsOf(agentId, () => use)).toEqual([expect.stringMatching(result)]);
    const killed = kill(program);
    expect(await resultsOf(agentId, () => use)).toEqual([expect.stringMatching(result)]);
    expect(pidOf(program)).not.toBe(killed);
  });

  test('is back for the next call of the same run', async () => {
    let killed = 0;
    const afterKill = (): Use => {
      killed = kill(program);
      return use;
    };
    const good = expect.stringMatching(result);
    expect(await resultsOf(agentId, () => use, afterKill)).toEqual([good, good]);
    expect(pidOf(program)).not.toBe(killed);
  });
});

/** The gateway's child that runs the program. */
function pidOf(program: string): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ');
  const found = children.filter((pid) => {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.includes(program) && !args.includes('streamableHttp') && !args.includes(bridge);
  });
  expect(found).toHaveLength(1);
  return Number(found[0]);
}

function kill(program: string): number {
  const pid = pidOf(program);
  process.kill(pid, 'SIGKILL');
  return pid;
}
