import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAgentFile, type FileProblem } from '../../src/agents/load.ts';
import { AgentFolder, agentYaml, knowledge, scenario, variable, withTool } from './agent-folder.ts';

let folder: AgentFolder;
beforeAll(async () => {
  folder = await AgentFolder.create();
  await mkdir(join(folder.path, 'docs'));
});
afterAll(async () => await folder.remove());

async function problemsOf(content: string): Promise<FileProblem[]> {
  const loaded = await loadAgentFile(await folder.write('desk.yaml', content));
  return 'problems' in loaded ? loaded.problems : [];
}

/** What stands in `execution`, where the problem is, and what its reason says. */
/** Agents of the other kinds, which have no prompt. */
const remote = { kind: 'a2a', card: 'https://other.example/card.json', systemPrompt: undefined };
const module = { kind: 'module', module: './agent.ts', systemPrompt: undefined };

const semanticCases: [string, Record<string, unknown>, string, RegExp][] = [
  ['tool names', { tools: [knowledge({}), knowledge({})] }, 'execution.tools[1].name', /twice/],
  ['scenario names', { scenarios: [scenario({}), scenario({})] }, 'execution.scenarios[1].name', /twice/],
  [
    'scenario tools',
    { scenarios: [scenario({ tools: ['nope'] })] },
    'execution.scenarios[0].tools[0]',
    /not a tool/,
  ],
  [
    'variable names',
    { contextVariables: [variable({}), variable({})] },
    'execution.contextVariables[1].name',
    /twice/,
  ],
  [
    'variable identifiers',
    { contextVariables: [variable({ name: 'a b' })] },
    'execution.contextVariables[0].name',
    /letter/,
  ],
  [
    '__proto__ as a variable',
    { contextVariables: [variable({ name: '__proto__' })] },
    'execution.contextVariables[0].name',
    /letter/,
  ],
  [
    'variable schemas',
    { contextVariables: [variable({ schema: { type: 'strong' } })] },
    'execution.contextVariables[0].schema',
    /compile/,
  ],
  [
    'defaults',
    { contextVariables: [variable({ default: 3 })] },
    'execution.contextVariables[0].default',
    /must be string/,
  ],
  [
    'secret defaults',
    { contextVariables: [variable({ secret: true, default: 'x' })] },
    'execution.contextVariables[0].default',
    /secret/,
  ],
  [
    'claim missing',
    { contextVariables: [variable({ source: 'claim' })] },
    'execution.contextVariables[0].claim',
    /required/,
  ],
  [
    'claim superfluous',
    { contextVariables: [variable({ claim: 'tid' })] },
    'execution.contextVariables[0].claim',
    /only allowed/,
  ],
  [
    'prompt variables',
    { systemPrompt: 'Hi {{ nobody }}' },
    'execution.systemPrompt',
    /\{\{nobody\}\} is not a declared/,
  ],
  ['fallback variables', { fallbackMessage: 'Hi {{nobody}}' }, 'execution.fallbackMessage', /not a declared/],
  [
    'instruction variables',
    { scenarios: [scenario({ instructions: '{{nobody}}' })] },
    'execution.scenarios[0].instructions',
    /not a declared/,
  ],
  [
    'secrets in prompts',
    { systemPrompt: '{{customer}}', contextVariables: [variable({ secret: true })] },
    'execution.systemPrompt',
    /secret/,
  ],
  [
    'parameters',
    withTool({ parameters: { type: 'object', properties: { a: { $ref: '#/nowhere' } } } }),
    'execution.tools[0].parameters',
    /compile/,
  ],
  [
    'response schema',
    { responseSchema: { type: 'object', properties: { a: { type: 'strong' } } } },
    'execution.responseSchema',
    /compile/,
  ],
  [
    'response schema of a list',
    { responseSchema: { type: 'array' } },
    'execution.responseSchema.type',
    /"object"/,
  ],
  [
    'url placeholders',
    withTool({ url: 'https://shop.example/{order}' }),
    'execution.tools[0].url',
    /\{order\}/,
  ],
  [
    'url placeholder names',
    withTool({ url: '/{a b}', parameters: { type: 'object', properties: { 'a b': {} } } }),
    'execution.tools[0].url',
    /\{a b\}/,
  ],
  [
    'url credentials',
    withTool({ url: 'https://me:pass@shop.example/' }),
    'execution.tools[0].url',
    /password/,
  ],
  ['url scheme', withTool({ url: 'file:///etc/passwd' }), 'execution.tools[0].url', /http\(s\)/],
  ['url without scheme', withTool({ url: '//shop.example/' }), 'execution.tools[0].url', /http\(s\)/],
  [
    'header context',
    withTool({ headers: { 'X-Id': { context: 'nobody' } } }),
    'execution.tools[0].headers.X-Id',
    /"nobody"/,
  ],
  [
    'header of two kinds',
    withTool({ headers: { 'X-Id': { context: 'a', env: 'B' } } }),
    'execution.tools[0].headers.X-Id',
    /exactly one/,
  ],
  [
    'header of no kind',
    withTool({ headers: { 'X-Id': { prefix: 'a' } } }),
    'execution.tools[0].headers.X-Id',
    /exactly one/,
  ],
  [
    'header twice',
    withTool({ headers: { 'X-Id': 'a', 'x-id': 'b' } }),
    'execution.tools[0].headers.x-id',
    /twice/,
  ],
  ['prompt outside', { systemPrompt: { file: '../prompt.md' } }, 'execution.systemPrompt.file', /inside/],
  [
    'prompt missing',
    { systemPrompt: { file: 'nowhere.md' } },
    'execution.systemPrompt.file',
    /does not exist/,
  ],
  ['prompt is a folder', { systemPrompt: { file: 'docs' } }, 'execution.systemPrompt.file', /not a file/],
  [
    'knowledge folder',
    { tools: [knowledge({ source: 'nowhere' })] },
    'execution.tools[0].source',
    /not a folder/,
  ],
  [
    'knowledge is a file',
    { tools: [knowledge({ source: 'desk.yaml' })] },
    'execution.tools[0].source',
    /not a folder/,
  ],
  ['tool names for models', { tools: [knowledge({ name: '1 2' })] }, 'execution.tools[0].name', /letter/],
  [
    'tool types',
    { tools: [{ name: 'db', type: 'graph', source: 'shop' }] },
    'execution.tools[0].type',
    /knowledge, http/,
  ],
  [
    'fields of a tool',
    { tools: [knowledge({ confirmation: 'required' })] },
    'execution.tools[0].confirmation',
    /not a field of this release/,
  ],
  [
    'what a missing value does',
    { contextVariables: [variable({ onMissing: 'guess' })] },
    'execution.contextVariables[0].onMissing',
    /must be one of auth-required/,
  ],
  ['fields of execution', { dataSources: {} }, 'execution.dataSources', /not a field/],
  ['kinds of agents', { kind: 'human' }, 'execution.kind', /must be one of declared, a2a, module/],
  ['a module agent that is not allowed', module, 'execution.kind', /MODULE_AGENTS/],
  [
    'a remote agent without an address',
    { ...remote, card: 'somewhere' },
    'execution.card',
    /http\(s\) address/,
  ],
  ['credentials in the address', { ...remote, card: 'https://a:b@host/c' }, 'execution.card', /user name/],
  [
    'a literal credential for a remote agent',
    { ...remote, headers: { Authorization: 'Bearer abc' } },
    'execution.headers.Authorization',
    /named like a credential/,
  ],
  [
    "a caller's value as a credential",
    { ...remote, headers: { Authorization: { context: 'token' } } },
    'execution.headers.Authorization',
    /not a declared context variable/,
  ],
  ['limits', { limits: { maxSteps: 0 } }, 'execution.limits.maxSteps', />= 1/],
  ['access', { access: 'everyone' }, 'execution.access', /authenticated, assigned, public/],
  ['types', { systemPrompt: 3 }, 'execution.systemPrompt', /string or object/],
];

describe('refused', () => {
  test.each(semanticCases)('%s', async (_name, execution, path, reason) => {
    const problems = await problemsOf(agentYaml('desk', execution));
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.reason).toMatch(reason);
  });

  test.each(['Authorization', 'x-api-key', 'Cookie', 'X-Auth-Token', 'client-secret', 'X-Password'])(
    'a literal in the header %s, which is not repeated',
    async (name) => {
      const problems = await problemsOf(agentYaml('desk', withTool({ headers: { [name]: 'canary' } })));
      expect(problems.map(({ path }) => path)).toEqual([`execution.tools[0].headers.${name}`]);
      expect(JSON.stringify(problems)).not.toContain('canary');
    },
  );

  test('an id that is not the name of the file', async () => {
    const problems = await problemsOf(agentYaml('other'));
    expect(problems).toMatchObject([{ path: 'id', line: 2, reason: expect.stringContaining('"desk"') }]);
  });

  test('a link that leads a prompt out of the folder', async () => {
    const outside = await AgentFolder.create();
    await symlink(await outside.write('prompt.md', 'Outside.'), join(folder.path, 'linked.md'));
    const problems = await problemsOf(agentYaml('desk', { systemPrompt: { file: 'linked.md' } }));
    await outside.remove();
    expect(problems).toMatchObject([
      { path: 'execution.systemPrompt.file', reason: expect.stringContaining('links') },
    ]);
  });

  test('several problems at once, by line', async () => {
    const problems = await problemsOf(agentYaml('desk', { systemPrompt: '{{a}}', fallbackMessage: '{{b}}' }));
    expect(problems.map(({ path }) => path)).toEqual(['execution.systemPrompt', 'execution.fallbackMessage']);
  });
});
