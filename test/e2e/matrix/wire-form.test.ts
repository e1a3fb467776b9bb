import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpJson } from '../../support/http-json.ts';
import { post, rpc, v1Text } from '../../support/rpc.ts';
import { cardUrl } from '../../support/sdk-clients.ts';
import { collect, readSse } from '../../support/sse-reader.ts';
import { openWorld, type World } from './world.ts';

// What SDK clients read over, on the wire itself: the JSON of v1.0.

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

type Json = Record<string, unknown>;
type Way = (streams: boolean, params: object) => Promise<Response>;

const version = { 'A2A-Version': '1.0' };
const ways: Readonly<Record<string, Way>> = {
  JSONRPC: async (streams, params) => {
    const method = streams ? 'SendStreamingMessage' : 'SendMessage';
    return await post(world.gateway.url, 'conformance', rpc(method, params), { headers: version });
  },
  'HTTP+JSON': async (streams, params) => {
    const path = `conformance/message:${streams ? 'stream' : 'send'}`;
    return await httpJson(world.gateway.url, path, { body: params, headers: version });
  },
};
const mediaTypes: Readonly<Record<string, string>> = {
  JSONRPC: 'application/json',
  'HTTP+JSON': 'application/a2a+json',
};

function params(prefix: string, more: object = {}): object {
  return v1Text('Hi', { messageId: `${prefix}-${randomUUID()}`, ...more });
}

/** The A2A object in what a transport puts around it. */
function unwrapped(text: string, transport: string): Json {
  const body = JSON.parse(text) as Json;
  if (transport === 'HTTP+JSON') return body;
  expect(body).toMatchObject({ jsonrpc: '2.0', id: 1 });
  return body['result'] as Json;
}

const states = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
];
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const something = expect.stringMatching(/./) as unknown as string;

/** What must hold of every object of these names, wherever it stands (spec §4.1). */
const checks: Readonly<Record<string, (value: Json) => void>> = {
  task: (task) =>
    expect(task).toMatchObject({ id: something, contextId: something, status: expect.any(Object) }),
  status: (status) => {
    expect(states).toContain(status['state']);
    expect(status['timestamp']).toMatch(utc);
  },
  message: (message) => {
    expect(message).toMatchObject({ messageId: something, parts: expect.any(Array) });
    expect(['ROLE_USER', 'ROLE_AGENT']).toContain(message['role']);
  },
  part: (part) => {
    const contents = Object.keys(part).filter((name) => ['text', 'raw', 'url', 'data'].includes(name));
    expect(contents).toHaveLength(1);
  },
  artifact: (artifact) => {
    expect(artifact).toMatchObject({ artifactId: something, parts: [expect.any(Object)] });
  },
};
const singular: Readonly<Record<string, string>> = {
  parts: 'part',
  artifacts: 'artifact',
  history: 'message',
};
const ofTheAgent = ['data', 'metadata'];

/** Checks an object and all in it; gives back what it has seen. */
function inspect(value: unknown, name: string, seen: Set<string>): void {
  if (Array.isArray(value)) for (const entry of value) inspect(entry, singular[name] ?? name, seen);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  seen.add(name);
  checks[name]?.(value as Json);
  for (const [key, member] of Object.entries(value)) {
    expect(key).toMatch(/^[a-z][A-Za-z]*$/);
    if (!ofTheAgent.includes(key)) inspect(member, key, seen);
  }
}

describe.each(Object.keys(ways))('the JSON of v1.0 over %s', (transport) => {
  const way = ways[transport] as Way;

  test.each(['tck-artifact-text', 'tck-artifact-file', 'tck-artifact-file-url', 'tck-artifact-data'])(
    'a task has what it must, in camelCase, with the names of enums and times in UTC: %s',
    async (prefix) => {
      const response = await way(false, params(prefix));
      expect(response.headers.get('content-type')).toContain(mediaTypes[transport]);
      const seen = new Set<string>();
      inspect(unwrapped(await response.text(), transport), 'result', seen);
      expect([...seen].toSorted()).toEqual(['artifact', 'message', 'part', 'result', 'status', 'task']);
    },
  );

  test('so has every event of a stream of text/event-stream, which is one thing each', async () => {
    const response = await way(true, params('tck-stream-artifact-chunked'));
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const frames = await collect(readSse(response));
    const events = frames.map(({ data }) => unwrapped(data, transport));
    expect(events.map((event) => Object.keys(event))).toEqual([
      ['task'],
      ['statusUpdate'],
      ['artifactUpdate'],
      ['artifactUpdate'],
      ['statusUpdate'],
    ]);
    const seen = new Set<string>();
    for (const event of events) inspect(event, 'event', seen);
    expect(seen).toContain('artifactUpdate');
    expect(seen).toContain('statusUpdate');
  });

  test('a direct answer has what it must', async () => {
    const seen = new Set<string>();
    const response = await way(false, params('tck-message-response'));
    inspect(unwrapped(await response.text(), transport), 'result', seen);
    expect([...seen].toSorted()).toEqual(['message', 'part', 'result']);
  });

  test('what nobody knows is ignored, wherever it stands', async () => {
    const unknown = { newInSomeLaterVersion: { deep: [1] } };
    const sent = params('tck-complete-task', { ...unknown, parts: [{ text: 'Hi', ...unknown }] });
    const response = await way(false, { ...sent, ...unknown, configuration: unknown });
    const { task } = unwrapped(await response.text(), transport) as { task?: Json };
    expect(task?.['status']).toMatchObject({ state: 'TASK_STATE_COMPLETED' });
    expect(JSON.stringify(task)).not.toContain('newInSomeLaterVersion');
  });
});

interface Card {
  supportedInterfaces?: { url: string; protocolBinding: string; protocolVersion: string }[];
  url?: string;
  preferredTransport?: string;
  additionalInterfaces?: { url: string; transport: string }[];
}

async function card(url: string, named: string): Promise<Card> {
  const response = await fetch(url, { headers: { 'A2A-Version': named } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return (await response.json()) as Card;
}

test('the card is there for everybody, at the address of the agent and of the default one, with all that it must have', async () => {
  for (const url of [cardUrl(world.gateway, 'talker'), `${world.gateway.url}/.well-known/agent-card.json`]) {
    expect(await card(url, '1.0')).toMatchObject({
      name: 'talker',
      description: something,
      version: something,
      capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
      defaultInputModes: expect.arrayContaining([something]),
      defaultOutputModes: expect.arrayContaining([something]),
      skills: [{ id: 'talk', name: something, description: something, tags: [something] }],
    });
  }
});

test('the card declares every transport of every version, each with its address', async () => {
  const url = cardUrl(world.gateway, 'talker');
  const { supportedInterfaces = [] } = await card(url, '1.0');
  const declared = supportedInterfaces.map((one) => `${one.protocolVersion} ${one.protocolBinding}`);
  expect(declared.toSorted()).toEqual(
    ['0.3', '1.0'].flatMap((one) => ['GRPC', 'HTTP+JSON', 'JSONRPC'].map((binding) => `${one} ${binding}`)),
  );
  const { url: main, preferredTransport, additionalInterfaces = [] } = await card(url, '0.3');
  expect({ main, preferredTransport }).toEqual({
    main: `${world.gateway.url}/a2a/talker`,
    preferredTransport: 'JSONRPC',
  });
  expect(new Set(additionalInterfaces.map(({ transport }) => transport))).toEqual(
    new Set(['JSONRPC', 'HTTP+JSON', 'GRPC']),
  );
  for (const one of [...supportedInterfaces, ...additionalInterfaces])
    expect(one.url).toMatch(/^(https?:\/\/)?127\.0\.0\.1:\d+/);
});
