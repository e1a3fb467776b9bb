import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadAgentFile } from '../../../src/agents/load.ts';
import { AgentFolder, agentYaml, variable } from '../agent-folder.ts';

let folder: AgentFolder;

beforeAll(async () => {
  folder = await AgentFolder.create();
});

afterAll(async () => await folder.remove());

const asking = (fields: object): object => ({ name: 'ask', type: 'agent', ...fields });

const cases: [string, Record<string, unknown>, string, RegExp][] = [
  ['an agent without a target', { tools: [asking({})] }, 'execution.tools[0]', /either agent .* or card/],
  [
    'an agent with two targets',
    { tools: [asking({ agent: 'other', card: 'https://other.example/card' })] },
    'execution.tools[0]',
    /either agent .* or card/,
  ],
  [
    'headers for an agent of this gateway',
    { tools: [asking({ agent: 'other', headers: { 'x-trace': '1' } })] },
    'execution.tools[0].headers',
    /no meaning with agent/,
  ],
  [
    'context values for an agent of another server',
    {
      contextVariables: [variable({})],
      tools: [asking({ card: 'https://o.example/c', contextValues: { customer: { context: 'customer' } } })],
    },
    'execution.tools[0].contextValues',
    /no meaning with card/,
  ],
  [
    'a password in the address of an agent',
    { tools: [asking({ card: 'https://ada:hunter22@other.example/card' })] },
    'execution.tools[0].card',
    /must not hold a user name or password/,
  ],
  [
    'context values that are not declared',
    { tools: [asking({ agent: 'other', contextValues: { token: { context: 'token' } } })] },
    'execution.tools[0].contextValues.token.context',
    /"token" is not a declared context variable/,
  ],
  [
    'an approval of a question',
    { tools: [{ name: 'ask', type: 'ask_user', approval: 'required' }] },
    'execution.tools[0].approval',
    /not a field of this release/,
  ],
];

test.each(cases)('%s is refused', async (_name, execution, path, reason) => {
  const loaded = await loadAgentFile(await folder.write('desk.yaml', agentYaml('desk', execution)));
  const problems = 'problems' in loaded ? loaded.problems : [];
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(problems[0]?.reason).toMatch(reason);
});

test('what another agent does is unknown: it has side effects and much time, unless the file says otherwise', async () => {
  const tools = [
    asking({ agent: 'other' }),
    { ...asking({ agent: 'other' }), name: 'two', sideEffects: false },
  ];
  const loaded = await loadAgentFile(await folder.write('desk.yaml', agentYaml('desk', { tools })));
  expect(loaded).toMatchObject({
    definition: {
      execution: {
        onReplicaLoss: 'fail',
        tools: [
          { sideEffects: true, timeoutSeconds: 120, headers: {}, contextValues: {} },
          { sideEffects: false },
        ],
      },
    },
  });
});
