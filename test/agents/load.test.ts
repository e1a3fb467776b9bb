import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAgentFile, type FileProblem } from '../../src/agents/load.ts';
import type { AgentDefinition, DeclaredExecution } from '../../src/agents/definition.ts';
import { AgentFolder, agentFields, agentYaml, http, knowledge, variable, withTool } from './agent-folder.ts';

let folder: AgentFolder;
beforeAll(async () => {
  folder = await AgentFolder.create();
  await mkdir(join(folder.path, 'docs'));
});
afterAll(async () => await folder.remove());

async function problemsOf(content: string, name = 'desk.yaml'): Promise<FileProblem[]> {
  const loaded = await loadAgentFile(await folder.write(name, content));
  return 'problems' in loaded ? loaded.problems : [];
}

async function definitionOf(
  content: string,
  name = 'desk.yaml',
): Promise<AgentDefinition & { execution: DeclaredExecution }> {
  const loaded = await loadAgentFile(await folder.write(name, content));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const { definition } = loaded;
  if (definition.execution.kind !== 'declared') throw new Error('This is no declared agent.');
  return { ...definition, execution: definition.execution };
}

describe('what is no agent file at all', () => {
  const cases: [string, string, number, RegExp][] = [
    ['empty', '', 1, /must be object/],
    ['a duplicate key', 'schemaVersion: "1"\nid: desk\nid: desk\n', 3, /unique/],
    ['two documents', 'a: 1\n---\nb: 1\n', 2, /multiple documents/],
    ['an unknown tag', 'a: 1\nb: !include x\n', 2, /tag/],
    ['an alias without an anchor', 'a: 1\nb: *gone\n', 2, /alias/],
    ['an alias in itself', 'a: 1\nb: &b [*b]\n', 2, /alias/],
    ['a bomb of aliases', bomb(), 2, /alias/i],
    ['deep nesting', '['.repeat(100_000), 1, /nested too deeply/],
    ['bad JSON', '{"a": 1,\n "b" 2}', 2, /./],
    ['too large', `# ${'x'.repeat(1024 * 1024)}`, 1, /larger than 1 MB/],
  ];
  test.each(cases)('%s', async (_name, content, line, reason) => {
    const [problem] = await problemsOf(content);
    expect(problem?.reason).toMatch(reason);
    expect(problem?.line).toBe(line);
  });

  test('missing', async () => {
    const loaded = await loadAgentFile(join(folder.path, 'missing.yaml'));
    expect(loaded).toMatchObject({ problems: [{ line: 1, reason: 'cannot be read (ENOENT)' }] });
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
  );
  return ['l0: &l0 [x]', ...levels].join('\n');
}

test('line numbers are those of the field, in YAML and JSON', async () => {
  const yaml = `schemaVersion: "1"
id: desk
card:
  name: Desk
  description: Answers.
  version: 1.0.0
  skills: [{ id: a, name: A, description: A., tags: [] }]
execution:
  systemPrompt: |
    You answer.
    Always.
  tools:
    - name: search
      type: knowledge
      source: nowhere
    - name: call
      type: http
      method: GET
      url: https://shop.example/{order}
      headers:
        Accept: text/plain
        Authorization: Bearer abc
`;
  expect((await problemsOf(yaml)).map(({ line, path }) => [line, path])).toEqual([
    [15, 'execution.tools[0].source'],
    [19, 'execution.tools[1].url'],
    [22, 'execution.tools[1].headers.Authorization'],
  ]);
  const json = JSON.stringify(agentFields('desk', { access: 'nobody' }), null, '\t');
  const [problem] = await problemsOf(json, 'desk.json');
  expect(json.split('\n')[(problem?.line ?? 0) - 1]).toContain('"access"');
  const [missing] = await problemsOf(
    yaml
      .replace(/^ {6}source.*\n/m, '')
      .replace('{order}', 'x')
      .replace(/^.*Authorization.*\n/m, ''),
  );
  expect(missing).toMatchObject({ line: 13, path: 'execution.tools[0].source', reason: 'is required' });
});

describe('loaded', () => {
  test('with every default filled in', async () => {
    const { card, execution } = await definitionOf(agentYaml('desk', { tools: [knowledge({}), http({})] }));
    expect(card).toMatchObject({ defaultInputModes: ['text/plain', 'application/json'], extensions: [] });
    expect(execution).toMatchObject({
      model: { fallbackLlmIds: [] },
      contextVariables: [],
      scenarios: [],
      access: 'authenticated',
      onReplicaLoss: 'rerun',
      fallbackMessage: expect.stringContaining('cannot help'),
      tools: [
        { topK: 5, source: join(folder.path, 'docs'), sideEffects: false },
        { sideEffects: false, headers: {}, parameters: { type: 'object' } },
      ],
      limits: {
        maxSteps: 8,
        maxToolCalls: 16,
        timeoutSeconds: 120,
        toolTimeoutSeconds: 20,
        maxHistoryMessages: 20,
        maxResultCharacters: 20_000,
        approvalTimeoutSeconds: 86_400,
        maxDepth: 4,
        queryTimeoutSeconds: 5,
      },
    });
  });

  test.each([
    [{ method: 'POST' }, 'fail', true],
    [{ method: 'POST', sideEffects: false }, 'rerun', false],
    [{ method: 'GET', sideEffects: true }, 'fail', true],
  ])('a tool %j: after a crash %s', async (fields, onReplicaLoss, sideEffects) => {
    const { execution } = await definitionOf(agentYaml('desk', withTool(fields)));
    expect(execution.onReplicaLoss).toBe(onReplicaLoss);
    expect(execution.tools[0]?.sideEffects).toBe(sideEffects);
  });

  test('as the file says it, where it says something', async () => {
    const written = { onReplicaLoss: 'rerun', limits: { maxSteps: 3 }, ...withTool({ method: 'POST' }) };
    const { execution } = await definitionOf(agentYaml('desk', written));
    expect(execution.onReplicaLoss).toBe('rerun');
    expect(execution.limits).toMatchObject({ maxSteps: 3, maxToolCalls: 16 });
  });

  test('with the text of a prompt file', async () => {
    await folder.write('prompts/desk.md', 'You help {{customer}}.');
    const written = {
      systemPrompt: { file: 'prompts/desk.md' },
      contextVariables: [variable({ default: 'you' })],
    };
    const { execution } = await definitionOf(agentYaml('desk', written));
    expect(execution.systemPrompt).toBe('You help {{customer}}.');
  });

  test('with schemas of draft-07, which are 2020-12 from then on', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { a: { format: 'date' } },
    };
    const written = {
      responseSchema: schema,
      ...withTool({ parameters: schema }),
      contextVariables: [variable({ schema })],
    };
    const { execution } = await definitionOf(agentYaml('desk', written));
    const { $schema: _dialect, ...expected } = schema;
    expect(execution.responseSchema).toEqual(expected);
    expect(execution.tools[0]).toMatchObject({ parameters: expected });
    expect(execution.tools[0]).not.toHaveProperty('parameters.$schema');
    expect(execution.contextVariables[0]?.schema).toEqual(expected);
  });

  test('with headers from the environment and the context, and plain ones', async () => {
    const headers = {
      Authorization: { env: 'SHOP_TOKEN', prefix: 'Bearer ' },
      'X-Id': { context: 'customer' },
      Accept: 'a/b',
    };
    const { execution } = await definitionOf(
      agentYaml('desk', { ...withTool({ headers }), contextVariables: [variable({})] }),
    );
    expect(execution.tools[0]).toMatchObject({ headers });
  });
});

test.each(['docs-assistant', 'order-desk'])('the sample %s is in order', async (id) => {
  const path = join(import.meta.dirname, `../../agent-cards/${id}.yaml`);
  const loaded = await loadAgentFile(path, { dataSources: new Set(['shop']) });
  expect(loaded).toMatchObject({ definition: { id } });
});
