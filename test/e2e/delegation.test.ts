import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Step } from '../../src/runs/event.ts';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { backKey } from '../support/fronted-gateways.ts';
import { json, hangAfter, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.ts';
import { providedValuesUri } from '../support/protocol-versions.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import {
  expectWhole,
  readEvents,
  seenEvent,
  seenTask,
  stepsOf,
  streamedText,
  type SeenEvent,
} from '../support/run-events.ts';
import { cardUrl } from '../support/sdk-clients.ts';
import { readSse, take } from '../support/sse-reader.ts';
import { startService, type Service } from '../support/service.ts';

let model: ModelServer;
let service: Service;
let back: TestGateway;
let gateway: TestGateway;
/** What each agent's model says in turn, by the first words of its system prompt. */
let replies: Record<string, Reply[]> = {};

beforeAll(async () => {
  model = await startModelServer(
    (request) => replies[speakerOf(request)]?.shift() ?? text('nothing scripted'),
  );
  service = await startService(({ path, headers }) => ({
    body: `${path} ${headers['x-token'] ?? 'without'}`,
  }));
  back = await startGateway({
    files: {
      'expert.yaml': declared('expert', { tools: [look()] }),
      'mirror.yaml': declared('mirror', { tools: [{ name: 'ask', type: 'agent', agent: 'mirror' }] }),
    },
    env: { ...modelEnv(model.baseUrl), ADMIN_API_KEY: backKey },
  });
  gateway = await startGateway({ files: files(), env: { ...modelEnv(model.baseUrl), BACK_KEY: backKey } });
});

afterAll(async () => {
  await gateway.stop();
  await back.stop();
  await model.close();
  await service.close();
});

beforeEach(() => {
  replies = {};
});

function speakerOf({ body }: RecordedRequest): string {
  return (body.messages[0]?.content ?? '').split('.')[0] ?? '';
}

function declared(id: string, execution: object = {}): object {
  return agentFile(id, { systemPrompt: `${id}. You help.`, ...execution });
}

function look(more: object = {}): object {
  return { name: 'look', type: 'http', method: 'GET', url: `${service.url}/look`, ...more };
}

function asks(agent: string, more: object = {}): object {
  return { name: `ask_${agent}`, type: 'agent', agent, ...more };
}

function files(): Record<string, object> {
  const headers = { Authorization: { env: 'BACK_KEY', prefix: 'SSWS ' } };
  const remote = (id: string): object => ({
    name: `ask_${id}`,
    type: 'agent',
    card: cardUrl(back, id),
    headers,
  });
  const value = (name: string, more: object = {}): object => ({ name, schema: { type: 'string' }, ...more });
  const values = [value('customer'), value('token', { secret: true })];
  return {
    'lead.yaml': declared('lead', {
      tools: [
        asks('worker'),
        asks('careful'),
        asks('nobody'),
        asks('shaped'),
        remote('expert'),
        remote('mirror'),
      ],
    }),
    'worker.yaml': declared('worker', { tools: [look()] }),
    'careful.yaml': declared('careful', { tools: [look({ name: 'risky', approval: 'required' })] }),
    'shaped.yaml': declared('shaped', {
      responseSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
    }),
    'ping.yaml': declared('ping', { tools: [asks('pong')] }),
    'pong.yaml': declared('pong', { tools: [asks('ping')] }),
    'teller.yaml': declared('teller', {
      contextVariables: [...values, value('other')],
      tools: [
        asks('holder'),
        asks('strict', { contextValues: { token: { context: 'token' }, region: { context: 'other' } } }),
      ],
    }),
    'holder.yaml': declared('holder', {
      systemPrompt: 'holder. For {{customer}}.',
      contextVariables: values,
      tools: [look({ headers: { 'x-token': { context: 'token' } } })],
    }),
    'strict.yaml': declared('strict', {
      systemPrompt: 'strict. In {{region}}.',
      contextVariables: [
        value('region', { required: true }),
        value('token', { secret: true, required: true }),
      ],
      tools: [look({ headers: { 'x-token': { context: 'token' } } })],
    }),
  };
}

function asking(agent: string, message = 'Do it'): Reply {
  return toolCalls([{ name: `ask_${agent}`, arguments: { message } }]);
}

async function stream(agentId: string, message: object = v1Text('Go')): Promise<SeenEvent[]> {
  const headers = { 'A2A-Version': '1.0', 'A2A-Extensions': providedValuesUri };
  return await readEvents(
    await post(gateway.url, agentId, rpc('SendStreamingMessage', message), { headers }),
  );
}

async function whole(agentId: string, message?: object): Promise<SeenEvent[]> {
  const events = await stream(agentId, message);
  expectWhole(events);
  return events;
}

/** What the agent's model was told of its calls, in its last request. */
function told(agent: string): (string | null)[] {
  const requests = model.requests.filter((request) => speakerOf(request) === agent);
  const messages = requests.at(-1)?.body.messages ?? [];
  return messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
}

/** Each step's name, status and the name of the step that it is in. */
function storyOf(events: readonly SeenEvent[]): string[] {
  const steps = stepsOf(events);
  const nameOf = (id: string | undefined): string => steps.find((step) => step.id === id)?.name ?? '';
  return steps.map(({ name, status, parentId }: Step) => `${nameOf(parentId)}/${name} ${status}`);
}

describe('an agent that asks another one', () => {
  test('gets its answer, and its steps stand in the stream, below the call', async () => {
    replies = {
      lead: [asking('worker', 'Look it up'), text('So be it.')],
      worker: [toolCalls([{ name: 'look', arguments: {} }]), text('It is ', 'there.')],
    };
    const events = await whole('lead');
    expect(streamedText(events)).toBe('So be it.');
    expect(told('lead')).toEqual(['It is there.']);
    expect(storyOf(events)).toEqual([
      '/Ask the model in_progress',
      '/Ask the model completed',
      '/ask_worker in_progress',
      'ask_worker/Ask the model in_progress',
      'ask_worker/Ask the model completed',
      'ask_worker/look in_progress',
      'ask_worker/look completed',
      'ask_worker/Ask the model in_progress',
      'ask_worker/Ask the model completed',
      '/ask_worker completed',
      '/Ask the model in_progress',
      '/Ask the model completed',
    ]);
    const asked = model.requests.filter((request) => speakerOf(request) === 'worker');
    expect(asked[0]?.body.messages.at(-1)).toMatchObject({ role: 'user', content: 'Look it up' });
    const offered = model.requests.find((request) => speakerOf(request) === 'lead')?.body.tools ?? [];
    expect(offered[0]?.function.description).toBe('Asks the agent worker: The agent worker.');
  });

  test('on another gateway gets its answer and its steps too', async () => {
    replies = {
      lead: [asking('expert'), text('So be it.')],
      expert: [toolCalls([{ name: 'look', arguments: {} }]), text('Over there.')],
    };
    const events = await whole('lead');
    expect(told('lead')).toEqual(['Over there.']);
    expect(storyOf(events)).toEqual(
      expect.arrayContaining([
        'ask_expert/look in_progress',
        'ask_expert/look completed',
        'ask_expert/Ask the model completed',
        '/ask_expert completed',
      ]),
    );
  });

  test('gets a structured response as JSON', async () => {
    replies = { lead: [asking('shaped'), text('ok')], shaped: [text('Three.'), json({ n: 3 })] };
    await whole('lead');
    expect(told('lead')).toEqual(['Three.\n\n{"n":3}']);
  });

  test("does not see the other one's task in its list", async () => {
    replies = { lead: [asking('worker'), text('ok')], worker: [text('done')] };
    await whole('lead');
    const { result } = await call(gateway.url, 'worker', rpc('ListTasks', {}), {
      headers: { 'A2A-Version': '1.0' },
    });
    expect(result).toMatchObject({ tasks: [], totalSize: 0 });
  });

  test.each<[string, string, Reply[], RegExp]>([
    ['does not exist', 'nobody', [], /^Error: There is no agent nobody in this gateway\.$/],
    [
      'would have to wait for an approval',
      'careful',
      [toolCalls([{ name: 'risky', arguments: {} }])],
      /^Error: The agent careful failed: The tool risky waits for the user's word/,
    ],
  ])('is told why, when the other one %s', async (_name, agent, script, reason) => {
    replies = { lead: [asking(agent), text('ok')], [agent]: script };
    expect((await whole('lead')).at(-1)?.state).toBe('completed');
    expect(told('lead')).toEqual([expect.stringMatching(reason)]);
  });
});

describe('context values', () => {
  const values = { customer: 'ada', token: 'hunter22-secret', other: 'north' };
  const message = (): object => ({
    message: {
      ...(v1Text('Go').message as object),
      parts: [{ text: 'Go' }, { data: values, metadata: { [providedValuesUri]: true } }],
    },
  });

  test('of the same name go along, secret ones do not', async () => {
    replies = {
      teller: [asking('holder'), text('ok')],
      holder: [toolCalls([{ name: 'look', arguments: {} }]), text('done')],
    };
    await whole('teller', message());
    expect(model.requests.at(-2)?.body.messages[0]?.content).toMatch(/^holder\. For ada\./);
    expect(told('holder')).toEqual(['/look without']);
  });

  test('that the tool maps go along, secret ones too; no model sees those', async () => {
    replies = {
      teller: [asking('strict'), text('ok')],
      strict: [toolCalls([{ name: 'look', arguments: {} }]), text('done')],
    };
    await whole('teller', message());
    expect(told('teller')).toEqual(['done']);
    expect(service.requests.at(-1)?.headers['x-token']).toBe('hunter22-secret');
    expect(model.requests.at(-2)?.body.messages[0]?.content).toMatch(/^strict\. In north\./);
    expect(JSON.stringify(model.requests.map(({ body }) => body))).not.toContain('hunter22-secret');
  });
});

describe('a loop', () => {
  test('between two agents is stopped by the depth limit, with an error that names the chain', async () => {
    const [ping, pong] = [() => asking('ping'), () => asking('pong')];
    replies = {
      ping: [pong(), pong(), pong(), text('p2'), text('p1'), text('p0')],
      pong: [ping(), ping(), text('q1'), text('q0')],
    };
    const events = await whole('ping');
    expect(events.at(-1)?.state).toBe('completed');
    const results = model.requests.flatMap(({ body }) => body.messages.filter(({ role }) => role === 'tool'));
    expect(results.map(({ content }) => content)).toContain(
      'Error: Not delegated: ping → pong → ping → pong → ping → pong would be deeper than the limit of 4 (limits.maxDepth). Answer without it.',
    );
    expect(
      stepsOf(events).filter(({ tool, status }) => tool === 'ask_pong' && status === 'failed'),
    ).toHaveLength(1);
  });

  test('that goes through another gateway counts from there', async () => {
    const mirror = (): Reply => asking2('ask');
    replies = {
      lead: [asking('mirror'), text('ok')],
      mirror: [mirror(), mirror(), mirror(), mirror(), ...['a', 'b', 'c', 'd'].map((word) => text(word))],
    };
    await whole('lead');
    const results = model.requests.flatMap(({ body }) => body.messages.filter(({ role }) => role === 'tool'));
    expect(results.map(({ content }) => content)).toContain(
      'Error: Not delegated: mirror → mirror → mirror → mirror → mirror would be deeper than the limit of 4 (limits.maxDepth). Answer without it.',
    );
  });
});

function asking2(name: string): Reply {
  return toolCalls([{ name, arguments: { message: 'Again' } }]);
}

describe('a cancel of the asking agent', () => {
  test.each(['worker', 'expert'])('cancels the run of %s', async (agent) => {
    replies = { lead: [asking(agent)], [agent]: [hangAfter('thinking')] };
    const headers = { 'A2A-Version': '1.0' };
    const frames = readSse(
      await post(gateway.url, 'lead', rpc('SendStreamingMessage', v1Text('Go')), { headers }),
    );
    const [first] = (await take(frames, 1)).map(seenEvent);
    for await (const frame of frames) {
      if (stepsOf([seenEvent(frame)])[0]?.parentId) break;
    }
    const canceled = await call(gateway.url, 'lead', rpc('CancelTask', { id: first?.id }), { headers });
    expect(seenTask(canceled.result).state).toBe('canceled');
    await model.requests.at(-1)?.aborted;
    if (agent !== 'expert') return;
    const { result } = await call<{ tasks: unknown[] }>(back.url, 'expert', rpc('ListTasks', {}), {
      headers,
      authorization: `SSWS ${backKey}`,
    });
    expect((result?.tasks ?? []).map((task) => seenTask(task).state)[0]).toBe('canceled');
  });
});
