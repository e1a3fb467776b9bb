import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { everythingProgram, filesystemProgram, McpHttpProgram } from '../support/mcp-programs.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { seenTask } from '../support/run-events.ts';
import { linuxDescribe } from '../support/platform.ts';

/** Which children a process has stands in /proc, on Linux only. */

const root = join(import.meta.dirname, '../..');
const node = process.execPath;
const everything = [everythingProgram];
const filesystem = [filesystemProgram, join(root, 'agent-cards/guide')];
const bridge = join(root, 'test/support/mcp-http-bridge.ts');

let model: ModelServer;
let gateway: TestGateway;
const far: Record<string, McpHttpProgram> = {};
let replies: (() => Promise<Reply>)[] = [];

beforeAll(async () => {
  const farEverything = (far['far-everything'] = await McpHttpProgram.start(...everything, 'streamableHttp'));
  const farFilesystem = (far['far-filesystem'] = await McpHttpProgram.start(bridge, ...filesystem));
  model = await startModelServer(async () => (await replies.shift()?.()) ?? text('Done.'));
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
  for (const program of Object.values(far)) await program.kill();
  await gateway.stop();
  await model.close();
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

/** What the model wants, or what is done before it says so. */
type Turn = Use | (() => Use | Promise<Use>);

const sum: Use = { name: 'box_get-sum', arguments: { a: 19, b: 23 } };
const read: Use = { name: 'box_read_text_file', arguments: { path: 'models.md' } };
const sumIs = /^The sum of 19 and 23 is 42\.$/;
const guideIs = /^# Models/;

/** What the model read of the calls that it made in one run, one after the other. */
async function resultsOf(agentId: string, ...turns: Turn[]): Promise<(string | null)[]> {
  replies = turns.map((turn) => async () => toolCalls([typeof turn === 'function' ? await turn() : turn]));
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
])('over HTTP, %s that was killed and started again', (agentId, use, result) => {
  const good = expect.stringMatching(result);
  const again = async (): Promise<Use> => {
    await far[agentId]?.kill();
    await far[agentId]?.start();
    return use;
  };

  test('is used by the next run', async () => {
    expect(await resultsOf(agentId, use)).toEqual([good]);
    await again();
    expect(await resultsOf(agentId, use)).toEqual([good]);
  });

  test('is used by the next call of the same run', async () => {
    expect(await resultsOf(agentId, use, again)).toEqual([good, good]);
  });
});

linuxDescribe('MCP servers that are killed by pid').each<[string, string, Use, RegExp]>([
  ['everything', everythingProgram, sum, sumIs],
  ['filesystem', filesystemProgram, read, guideIs],
])('over stdio, %s whose process was killed', (agentId, program, use, result) => {
  const good = expect.stringMatching(result);

  test('is back for the next run', async () => {
    expect(await resultsOf(agentId, use)).toEqual([good]);
    const killed = kill(program);
    expect(await resultsOf(agentId, use)).toEqual([good]);
    expect(pidOf(program)).not.toBe(killed);
  });

  test('is back for the next call of the same run', async () => {
    let killed = 0;
    const again = (): Use => {
      killed = kill(program);
      return use;
    };
    expect(await resultsOf(agentId, use, again)).toEqual([good, good]);
    expect(killed).toBeGreaterThan(0);
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
