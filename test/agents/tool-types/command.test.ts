import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAgentFile } from '../../../src/agents/load.ts';
import { AgentFolder, agentYaml, variable } from '../agent-folder.ts';

let folder: AgentFolder;
beforeAll(async () => {
  folder = await AgentFolder.create();
  await mkdir(join(folder.path, 'work'));
});
afterAll(async () => await folder.remove());

async function load(fields: object) {
  const tool = { name: 'run', type: 'command', command: '/usr/bin/git', ...fields };
  const yaml = agentYaml('desk', { tools: [tool], contextVariables: [variable({})] });
  return await loadAgentFile(await folder.write('desk.yaml', yaml));
}

const parameters = { type: 'object', properties: { name: { type: 'string' } } };

test.each<[fields: object, path: string, reason: RegExp]>([
  [{ command: undefined }, 'command', /required/],
  [{ command: 'git' }, 'command', /must be the absolute path of a program/],
  [{ command: './git' }, 'command', /absolute path/],
  [{ args: ['log', '--author={name}'] }, 'args[1]', /\{name\} is not one of parameters.properties/],
  [{ args: ['{name} {other}'], parameters }, 'args[0]', /\{other\} is not/],
  [{ args: ['{constructor}'], parameters }, 'args[0]', /\{constructor\} is not/],
  [{ args: 'log' }, 'args', /array/],
  [{ parameters: { type: 'object', properties: { a: { $ref: '#/no' } } } }, 'parameters', /does not compile/],
  [{ workingDirectory: 'nowhere' }, 'workingDirectory', /"nowhere" is not a folder that exists/],
  [{ env: { 'A-B': 'x' } }, 'env', /the name of an environment variable/],
  [{ env: { GIT_TOKEN: 'abc' } }, 'env.GIT_TOKEN', /never a literal/],
  [{ env: { A: { context: 'nobody' } } }, 'env.A', /not a declared context variable/],
  [{ env: { LD_PRELOAD: '/tmp/x.so' } }, 'env.LD_PRELOAD', /decides which code runs/],
  [{ env: { NODE_OPTIONS: { env: 'X' } } }, 'env.NODE_OPTIONS', /decides which code runs/],
  [{ env: { PATH: '/tmp' } }, 'env.PATH', /decides which code runs/],
  [{ shell: true }, 'shell', /is not a field of this release/],
])('%j is refused', async (fields, path, reason) => {
  const loaded = await load(fields);
  expect(loaded).toMatchObject({
    problems: [
      {
        path: expect.stringMatching(`^execution\\.tools\\[0\\]\\.${path.replace('[', '\\[')}`),
        reason: expect.stringMatching(reason),
      },
    ],
  });
});

test('defaults: no arguments, no environment, and it changes something', async () => {
  expect(await load({ args: ['{}', '{name}'], parameters, workingDirectory: 'work' })).toMatchObject({
    definition: {
      execution: {
        onReplicaLoss: 'fail',
        tools: [{ sideEffects: true, env: {}, parameters, workingDirectory: join(folder.path, 'work') }],
      },
    },
  });
  const loaded = await load({ sideEffects: false });
  expect(loaded).toMatchObject({ definition: { execution: { tools: [{ args: [], sideEffects: false }] } } });
});
