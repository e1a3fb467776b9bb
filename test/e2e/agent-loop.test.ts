import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, hang, status, text, toolCalls, type Gate, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RequestBody } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  readEvents,
  seenTask,
  stepsOf,
  streamedText,
  textOf,
  type SeenEvent,
} from '../support/run-events.ts';
import { startService, type Service } from '../support/service.ts';
import { until } from '../support/wait.ts';

let model: ModelServer;
let service: Service;
let gateway: TestGateway;
let replies: Reply[] = [];
/** Paths of the service that wait until their gate is opened. */
let held: Record<string, Gate> = {};
let streams = 0;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  service = await startService(async ({ path }) => {
    await held[path]?.opened;
    if (path === '/broken') return { status: 500, body: 'the database is on fire' };
    if (path === '/long') return { body: 'x'.repeat(500) };
    return { body: { path } };
  });
  gateway = await startGateway({ files: files(), env: modelEnv(model.baseUrl) });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await service.close();
});

beforeEach(() => {
  replies = [];
  held = {};
});

function get(name: string, path: string, parameters?: object, more: object = {}): object {
  const base = {
    name,
    type: 'http',
    method: 'GET',
    url: `${service.url}${path}`,
    description: `Gets ${path}.`,
    ...more,
  };
  return parameters ? { ...base, parameters } : base;
}

function files(): Record<string, object> {
  const item = {
    type: 'object',
    properties: { item: { type: 'string', minLength: 1 } },
    required: ['item'],
    additionalProperties: false,
  };
  const tools = [
    get('look_up', '/items/{item}', item),
    get('broken', '/broken'),
    get('long', '/long'),
    get('slow', '/slow', undefined, { timeoutSeconds: 0.1 }),
    get('odd', '/odd', undefined, { timeoutSeconds: 1.005 }),
  ];
  const secret = [{ name: 'pin', schema: { type: 'number' }, secret: true, required: true }];
  return {
    'worker.yaml': agentFile('worker', {
      tools,
      limits: { maxResultCharacters: 100, maxSteps: 4, maxToolCalls: 3 },
    }),
    'hurried.yaml': agentFile('hurried', { tools, limits: { timeoutSeconds: 1 } }),
    'keeper.yaml': agentFile('keeper', { tools, contextVariables: secret }),
  };
}

async function open(agentId: string, words: string, query = ''): Promise<Response> {
  return await post(gateway.url, agentId, rpc('SendStreamingMessage', v1Text(words)), {
    headers: { 'A2A-Version': '1.0' },
    query,
  });
}

async function stream(agentId: string, words: string, query = ''): Promise<SeenEvent[]> {
  const events = await readEvents(await open(agentId, words, query));
  streams += 1;
  expectWhole(events);
  return events;
}

/** The bodies of the requests that the model gets while `work` is done. */
async function asked(work: () => Promise<unknown>): Promise<RequestBody[]> {
  const before = model.requests.length;
  await work();
  return model.requests.slice(before).map(({ body }) => body);
}

function results(body: RequestBody | undefined): string[] {
  return (body?.messages ?? []).filter(({ role }) => role === 'tool').map(({ content }) => content ?? '');
}

function toolNames(body: RequestBody | undefined): string[] {
  return (body?.tools ?? []).map((tool) => tool.function.name);
}

describe('tool calls', () => {
  test('run in parallel; their results stand in the order of the calls', async () => {
    held = { '/items/first': gate(), '/items/second': gate() };
    replies = [
      toolCalls([
        { name: 'look_up', arguments: { item: 'first' } },
        { name: 'look_up', arguments: { item: 'second' } },
      ]),
      text('done'),
    ];
    const before = service.requests.length;
    let events: SeenEvent[] = [];
    const requests = await asked(async () => {
      const whole = stream('worker', 'Both');
      await until(() => service.requests.length === before + 2, { what: 'both calls to arrive' });
      held['/items/second']?.open();
      held['/items/first']?.open();
      events = await whole;
    });
    expect(results(requests[1])).toEqual(['{"path":"/items/first"}', '{"path":"/items/second"}']);
    const tools = stepsOf(events).filter(({ type }) => type === 'tool_execution');
    expect(tools.map((step) => step.status)).toEqual([
      'in_progress',
      'in_progress',
      'completed',
      'completed',
    ]);
  });

  test.each([
    [
      'arguments that do not fit',
      { name: 'look_up', arguments: { thing: 1 } },
      /^Error: The arguments do not fit: .*item/,
    ],
    [
      'arguments that are no JSON',
      { name: 'look_up', arguments: '{"item":' },
      'Error: The arguments are not a JSON object.',
    ],
    [
      'an unknown tool',
      { name: 'guess', arguments: {} },
      /^Error: There is no tool guess\. There are: look_up, /,
    ],
    [
      'a failing service',
      { name: 'broken', arguments: {} },
      /^Error: The service answered 500: the database is on fire/,
    ],
    [
      'a result that is too long',
      { name: 'long', arguments: {} },
      `${'x'.repeat(100)}\n[cut: 400 more characters]`,
    ],
    ['a time-out of odd milliseconds', { name: 'odd', arguments: {} }, '{"path":"/odd"}'],
  ])('%s: the model reads what came of it and answers', async (_name, toolCall, expected) => {
    replies = [toolCalls([toolCall]), text('I see.')];
    let events: SeenEvent[] = [];
    const requests = await asked(async () => (events = await stream('worker', 'Try')));
    expect(results(requests[1])).toEqual([
      expect.stringMatching(expected instanceof RegExp ? expected : exactly(expected)),
    ]);
    expect(streamedText(events)).toBe('I see.');
    expect(events.at(-1)?.state).toBe('completed');
  });

  test('a tool that does not answer in its time is given up, and the model told', async () => {
    held = { '/slow': gate() };
    replies = [toolCalls([{ name: 'slow', arguments: {} }]), text('Too slow.')];
    let events: SeenEvent[] = [];
    const requests = await asked(async () => (events = await stream('worker', 'Slow')));
    held['/slow']?.open();
    expect(results(requests[1])).toEqual(['Error: The tool did not answer within 0.1 s.']);
    const end = stepsOf(events).find((step) => step.tool === 'slow' && step.status === 'failed');
    expect(end?.durationMs).toBeGreaterThanOrEqual(90);
  });

  test('no more than maxToolCalls are executed', async () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((item) => ({ name: 'look_up', arguments: { item } }));
    replies = [toolCalls(five), text('enough')];
    const before = service.requests.length;
    const requests = await asked(async () => await stream('worker', 'All'));
    const refused = 'Error: Not executed: the limit of 3 tool calls is reached.';
    expect(results(requests[1]).slice(3)).toEqual([refused, refused]);
    expect(service.requests).toHaveLength(before + 3);
  });

  test('a secret number in an argument is masked, and the call goes on', async () => {
    replies = [
      toolCalls([{ name: 'look_up', arguments: { item: 'pin 123456', 123456: 123456 } }]),
      text('fine'),
    ];
    const headers = {
      'A2A-Version': '1.0',
      'A2A-Extensions': 'https://dataworkz.com/agents/ext/provided-values/v1',
    };
    const marked = {
      data: { pin: 123456 },
      metadata: { 'https://dataworkz.com/agents/ext/provided-values/v1': true },
    };
    const message = { parts: [{ text: 'Go' }, marked] };
    const answer = await post(gateway.url, 'keeper', rpc('SendMessage', v1Text('', message)), { headers });
    const { result } = (await answer.json()) as { result: unknown };
    expect(seenTask(result).state).toBe('completed');
    expect(artifactText(seenTask(result))).toBe('fine');
    expect(JSON.stringify(model.requests.at(-1)?.body.messages.at(-1))).not.toContain('123456');
  });
});

function exactly(words: string): RegExp {
  return new RegExp(`^${words.replaceAll(/[[\]{}().]/g, '\\$&')}$`);
}

describe('limits', () => {
  test('the last step gets no tools; a call that comes all the same is not executed', async () => {
    const again = toolCalls([{ name: 'look_up', arguments: { item: 'x' } }], 'Wait. ');
    replies = [again, again, again, again];
    let events: SeenEvent[] = [];
    const requests = await asked(async () => (events = await stream('worker', 'Loop')));
    expect(requests.map((body) => toolNames(body).length > 0)).toEqual([true, true, true, false]);
    expect(streamedText(events)).toBe('Wait. \n\nWait. \n\nWait. \n\nWait. ');
    const last = events.filter(({ kind }) => kind === 'artifact').at(-1);
    expect(last?.lastChunk).toBe(true);
  });

  test('max_steps in properties lowers the limit, and never raises it', async () => {
    const again = toolCalls([{ name: 'look_up', arguments: { item: 'x' } }]);
    replies = [again, text('short')];
    const two = await asked(async () => await stream('worker', 'Loop', '?properties=max_steps=2'));
    expect(two.map((body) => toolNames(body).length > 0)).toEqual([true, false]);
    replies = [again, again, again, text('long')];
    expect(await asked(async () => await stream('worker', 'Loop', '?properties=max_steps=50'))).toHaveLength(
      4,
    );
  });

  test('the deadline ends the run as failed, with the code timeout, and stops the model call', async () => {
    replies = [hang()];
    const startedAt = performance.now();
    const events = await stream('hurried', 'Hurry');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(events.at(-1)).toMatchObject({ state: 'failed', parts: [{ metadata: { code: 'timeout' } }] });
    expect(textOf(events.at(-1)?.parts)).toContain('within 1 s');
    await model.requests.at(-1)?.aborted;
  });

  test('a deadline during a tool call ends the open step too', async () => {
    held = { '/long': gate() };
    replies = [toolCalls([{ name: 'long', arguments: {} }])];
    const events = await stream('hurried', 'Hurry');
    held['/long']?.open();
    expect(stepsOf(events).at(-1)).toMatchObject({ type: 'tool_execution', tool: 'long', status: 'failed' });
    expect(events.at(-1)?.state).toBe('failed');
  });
});

test('a failure of the model ends its step as failed', async () => {
  replies = [status(400)];
  const events = await stream('worker', 'Fail');
  expect(stepsOf(events).at(-1)?.status).toBe('failed');
  expect(events.at(-1)?.state).toBe('failed');
});

test('all of these streams were whole', () => {
  expect(streams).toBeGreaterThanOrEqual(13);
});
