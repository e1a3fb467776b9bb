import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { expectWhole, readEvents, stepsOf, streamedText, type SeenEvent } from '../support/run-events.ts';
import { until } from '../support/wait.ts';

const token = 'command-token-4711';

let model: ModelServer;
let gateway: TestGateway;
let replies: Reply[] = [];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: {
      'worker.yaml': agentFile('worker', {
        tools: [program({}), program({ name: 'off', command: '/bin/sh' })],
      }),
    },
    env: { ...modelEnv(model.baseUrl), TOKEN: token, TOOL_COMMANDS_ALLOW: process.execPath },
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

beforeEach(() => {
  replies = [];
});

function program(fields: object): object {
  const script = `
    if (process.argv[1] === 'hang') setInterval(() => {}, 1000);
    else if (process.argv[1] === 'fail') { console.error('broken: ' + process.env.TOKEN); process.exitCode = 7; }
    else console.log(process.argv.slice(1).join('|'), Object.keys(process.env).sort().join());`;
  return {
    name: 'report',
    type: 'command',
    command: process.execPath,
    args: ['-e', script, '{what}', '--limit={limit}'],
    parameters: {
      type: 'object',
      properties: { what: { type: 'string' }, limit: { type: 'integer' } },
      required: ['what'],
    },
    env: { TOKEN: { env: 'TOKEN' } },
    timeoutSeconds: 5,
    ...fields,
  };
}

async function run(): Promise<{
  events: SeenEvent[];
  results: (string | null)[];
  tools: (string | undefined)[];
}> {
  const before = model.requests.length;
  const response = await post(gateway.url, 'worker', rpc('SendStreamingMessage', v1Text('Go')), {
    headers: { 'A2A-Version': '1.0' },
  });
  const events = await readEvents(response);
  expectWhole(events);
  const bodies = model.requests.slice(before).map(({ body }) => body);
  return {
    events,
    results: (bodies.at(-1)?.messages ?? [])
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => content),
    tools: bodies[0]?.tools?.map((tool) => tool.function.name) ?? [],
  };
}

test('a run calls a program that is allowed, and is not offered one that is not', async () => {
  replies = [
    toolCalls([
      { name: 'report', arguments: { what: 'a; b $(c)', limit: 3 } },
      { name: 'report', arguments: { what: '--eval=1' } },
      { name: 'report', arguments: { what: 'fail' } },
    ]),
    text('done'),
  ];
  const { events, results, tools } = await run();
  expect(streamedText(events)).toBe('done');
  expect(tools).toEqual(['report']);
  expect(results).toEqual([
    'a; b $(c)|--limit=3 HOME,LANG,PATH,TMPDIR,TOKEN',
    'Error: The argument what must not begin with "-": the program would take it as an option.',
    'Error: The program ended with the exit code 7: broken: ***',
  ]);
  expect(stepsOf(events)).toContainEqual(
    expect.objectContaining({ name: 'Tools of off', status: 'failed', tool: 'off' }),
  );
  expect(JSON.stringify([events, model.requests, gateway.logged()])).not.toContain(token);
});

test('a program that hangs is ended by its time limit', async () => {
  replies = [toolCalls([{ name: 'report', arguments: { what: 'hang' } }]), text('done')];
  await gateway.write(
    'worker.yaml',
    JSON.stringify(agentFile('worker', { tools: [program({ timeoutSeconds: 0.5 })] })),
  );
  await gatewayServes(0.5);
  expect((await run()).results).toEqual(['Error: The tool did not answer within 0.5 s.']);
});

async function gatewayServes(timeoutSeconds: number): Promise<void> {
  await until(
    () => {
      const execution = gateway.agents.get('worker')?.definition.execution;
      return execution?.kind === 'declared' && execution.tools[0]?.timeoutSeconds === timeoutSeconds;
    },
    { what: 'the changed agent' },
  );
}
