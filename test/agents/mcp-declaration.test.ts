import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadAgentFile } from '../../src/agents/load.ts';
import { AgentFolder, agentYaml, variable } from './agent-folder.ts';

let folder: AgentFolder;
beforeAll(async () => {
  folder = await AgentFolder.create();
  await mkdir(join(folder.path, 'work'));
});
afterAll(async () => await folder.remove());

const allowed = ['npx -y @scope/server', '/usr/bin/files'];
const command = ['npx', '-y', '@scope/server', 'docs'];
const url = 'https://mcp.example/mcp';

async function load(fields: object): ReturnType<typeof loadAgentFile> {
  const execution = { tools: [{ name: 'box', type: 'mcp', ...fields }], contextVariables: [variable({})] };
  const path = await folder.write('desk.yaml', agentYaml('desk', execution));
  return await loadAgentFile(path, { mcpCommandsAllow: allowed });
}

async function problemsOf(fields: object): Promise<string[]> {
  const loaded = await load(fields);
  return 'problems' in loaded ? loaded.problems.map(({ path, reason }) => `${path} ${reason}`) : [];
}

describe('a declaration', () => {
  test.each<[object, object]>([
    [
      { command, cwd: 'work', env: { TOKEN: { env: 'SHOP_TOKEN' }, LDAP_URL: 'ldap://x' } },
      {
        server: { command, env: { TOKEN: { env: 'SHOP_TOKEN' } } },
        sideEffects: true,
        sideEffectsDeclared: false,
      },
    ],
    [
      { url, headers: { Authorization: { context: 'customer' } }, sideEffects: false, tools: ['a'] },
      { server: { url }, tools: ['a'], sideEffects: false, sideEffectsDeclared: true },
    ],
  ])('%j', async (fields, expected) => {
    const loaded = await load(fields);
    expect(loaded).toMatchObject({ definition: { execution: { tools: [expected] } } });
  });

  test('keeps its folder absolute', async () => {
    const server = { cwd: join(folder.path, 'work') };
    const expected = { definition: { execution: { tools: [{ server }] } } };
    expect(await load({ command, cwd: 'work' })).toMatchObject(expected);
  });

  test('of unknown effects is not run again after a crash, unless it says so', async () => {
    const after = async (fields: object): Promise<unknown> => {
      const loaded = await load(fields);
      return 'definition' in loaded && loaded.definition.execution.onReplicaLoss;
    };
    expect(await after({ url })).toBe('fail');
    expect(await after({ url, sideEffects: false })).toBe('rerun');
  });
});

describe('what is reported', () => {
  test.each<[object, string]>([
    [{}, 'execution.tools[0] must have exactly one of command and url'],
    [{ command, url }, 'execution.tools[0] must have exactly one of command and url'],
    [{ command, headers: {} }, 'execution.tools[0].headers stands only beside url'],
    [{ url, cwd: 'work' }, 'execution.tools[0].cwd stands only beside command'],
    [
      { command: ['npx', 'other'] },
      'execution.tools[0].command is not allowed to be started: add the program or the whole command line to MCP_COMMANDS_ALLOW',
    ],
    [
      { command, cwd: 'nowhere' },
      'execution.tools[0].cwd "nowhere" is not a folder that exists (seen from the agent file)',
    ],
    [
      { command, env: { NODE_OPTIONS: '--require ./x.js' } },
      'execution.tools[0].env.NODE_OPTIONS decides which code runs, so it cannot be set here',
    ],
    [
      { command, env: { LD_PRELOAD: 'x' } },
      'execution.tools[0].env.LD_PRELOAD decides which code runs, so it cannot be set here',
    ],
    [
      { command, env: { API_KEY: 'literal' } },
      'execution.tools[0].env.API_KEY is named like a credential, so its value must be {env: NAME}, never a literal',
    ],
    [
      { url: 'https://me:secret@mcp.example/' },
      'execution.tools[0].url must not hold a user name or password: use a header with {env: NAME}',
    ],
    [
      { url, headers: { 'X-Customer': { context: 'nobody' } } },
      'execution.tools[0].headers.X-Customer "nobody" is not a declared context variable',
    ],
  ])('%j', async (fields, problem) => {
    expect(await problemsOf(fields)).toEqual([problem]);
  });

  test('without the list, every command', async () => {
    const execution = { tools: [{ name: 'box', type: 'mcp', command }] };
    const loaded = await loadAgentFile(await folder.write('desk.yaml', agentYaml('desk', execution)));
    expect(loaded).toMatchObject({ problems: [{ reason: expect.stringContaining('MCP_COMMANDS_ALLOW') }] });
  });
});
