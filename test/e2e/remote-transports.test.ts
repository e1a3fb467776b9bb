import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { backKey, remoteAgent, startBack } from '../support/fronted-gateways.ts';
import { adminKey, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { startProxy, type ProxiedRequest, type RemoteProxy } from '../support/remote-proxy.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import {
  seenEvent,
  seenTask,
  streamedText,
  textOf,
  type SeenEvent,
  type SeenTask,
} from '../support/run-events.ts';
import { collect, readSse } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

const v1 =
  (path: string, protocolBinding = 'JSONRPC', streaming = true) =>
  (url: string) => ({
    supportedInterfaces: [{ url: url + path, protocolBinding, protocolVersion: '1.0.7' }],
    capabilities: { streaming },
  });
const v03 = (path: string, preferredTransport: string) => (url: string) => ({
  protocolVersion: '0.3.0',
  url: url + path,
  preferredTransport,
  capabilities: { streaming: true },
});

/** Cards of the same agents, each with one way to reach them. */
const cards = {
  'v1-json-rpc': v1('/a2a/ID'),
  'v1-http-json': v1('/a2a/ID', 'HTTP+JSON'),
  'v1-without-streams': v1('/a2a/ID', 'JSONRPC', false),
  'v03-json-rpc': v03('/a2a/ID', 'JSONRPC'),
  'v03-http-json': v03('/a2a/ID', 'HTTP+JSON'),
};
const names = Object.keys(cards);

let model: ModelServer;
let back: TestGateway;
let front: TestGateway;
const proxies = new Map<string, RemoteProxy>();
let replies: Reply[] = [];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  back = await startBack(model);
  const files: Record<string, object> = {};
  for (const [name, cardOf] of Object.entries(cards)) {
    for (const agent of ['talker', 'actor']) {
      const withId = (url: string): object =>
        JSON.parse(JSON.stringify(cardOf(url)).replace('/a2a/ID', `/a2a/${agent}`)) as object;
      const proxy = await startProxy(back.url, withId);
      const id = `${agent}-${name}`;
      proxies.set(id, proxy);
      files[`${id}.yaml`] = remoteAgent(id, proxy.cardUrl);
    }
  }
  front = await startGateway({ files, env: { BACK_KEY: backKey } });
});

beforeEach(() => {
  for (const proxy of proxies.values()) proxy.requests.length = 0;
});

afterAll(async () => {
  await front.stop();
  await back.stop();
  for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
  await model.close();
});

const headers = { 'A2A-Version': '1.0' };

async function send(agentId: string, words: string, message: object = {}): Promise<SeenTask> {
  const answer = await call(front.url, agentId, rpc('SendMessage', v1Text(words, message)), { headers });
  return seenTask(answer.result);
}

async function stream(agentId: string, words: string): Promise<SeenEvent[]> {
  const body = rpc('SendStreamingMessage', v1Text(words));
  return (await collect(readSse(await post(front.url, agentId, body, { headers })))).map(seenEvent);
}

function seenBy(agentId: string): ProxiedRequest[] {
  return proxies.get(agentId)?.requests ?? [];
}

function subscriptionsTo(agentId: string): ProxiedRequest[] {
  return seenBy(agentId).filter(({ body, path }) => /ubscri/.test(body + path));
}

describe.each(names)('a remote with %s', (name) => {
  const expected = name.startsWith('v03') ? '0.3' : '1.0';

  test('answers, artifacts and all', async () => {
    replies = [text('One ', 'two')];
    const events = await stream(`talker-${name}`, 'Count');
    expect(streamedText(events)).toBe('One two');
    expect(events.at(-1)).toMatchObject({ kind: 'status', state: 'completed' });
    const task = await send(`actor-${name}`, 'artifacts');
    expect(task).toMatchObject({ state: 'completed', parts: [{ text: 'All of it.' }] });
    expect(task.artifacts.map(({ artifactId }) => artifactId)).toEqual(['story', 'mixed']);
    expect(textOf(task.artifacts[0]?.parts)).toBe('one, two, three');
    const [raw, url, data, ...more] = task.artifacts[1]?.parts ?? [];
    expect(raw).toMatchObject({ raw: '/+8AAQID', mediaType: 'application/octet-stream' });
    expect(url).toMatchObject({ url: 'https://files.example/a%20b?c=d', mediaType: 'image/png' });
    expect(data).toMatchObject({ data: { nested: [1, 2.5, null, { '': 'é😀' }], empty: {} } });
    expect(more).toMatchObject([{}, {}, { text: '' }]);
    // The SDK's client drops these of v0.3's HTTP+JSON.
    const dropped = name === 'v03-http-json';
    expect([raw, url, data].map((part) => part && ('filename' in part || 'metadata' in part))).toEqual(
      [true, true, true].map((kept) => kept && !dropped),
    );
  });

  test('is continued and canceled', async () => {
    const { id: taskId, contextId, state } = await send(`actor-${name}`, 'ask');
    expect(state).toBe('input-required');
    const parts = [{ text: 'b' }];
    expect(await send(`actor-${name}`, '', { taskId, contextId, parts })).toMatchObject({
      state: 'completed',
    });
    const waiting = await send(`actor-${name}`, 'ask');
    const canceled = await call(front.url, `actor-${name}`, rpc('CancelTask', { id: waiting.id }), {
      headers,
    });
    expect(seenTask(canceled.result).state).toBe('canceled');
  });

  test('answers without a task', async () => {
    const answer = await call(front.url, `actor-${name}`, rpc('SendMessage', v1Text('reply')), { headers });
    expect(answer.result).toMatchObject({
      message: { role: 'ROLE_AGENT', parts: [{ text: 'Just this.' }, { data: { n: 1 } }] },
    });
  });

  test("is told the version and the gateway's key with each request, and nothing of the caller's", async () => {
    const body = rpc('SendMessage', v1Text('echo'));
    const caller = { ...headers, Cookie: 'session=of-the-caller', 'X-Private': 'of-the-caller' };
    await call(front.url, `actor-${name}`, body, { headers: caller });
    const requests = seenBy(`actor-${name}`).filter(({ path }) => path !== '/card');
    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) {
      expect(request.headers['a2a-version']).toBe(expected);
      expect(request.headers.authorization).toBe(`SSWS ${backKey}`);
      expect(JSON.stringify(request)).not.toMatch(/of-the-caller/);
      expect(JSON.stringify(request)).not.toContain(adminKey);
    }
  });
});

describe.each(names.filter((name) => name !== 'v1-without-streams'))('a broken stream of %s', (name) => {
  test.each([true, false])(
    'is taken up again: nothing is lost, repeated or out of order (ids: %p)',
    async (ids) => {
      const agentId = `talker-${name}`;
      const proxy = proxies.get(agentId);
      if (!proxy) throw new Error('There is no such remote.');
      const held = gate();
      replies = [text('One ', 'two ', held, 'three ', 'four')];
      proxy.withoutIds = !ids;
      proxy.cuts.push(3, 1);
      const reading = stream(agentId, 'Count');
      await until(() => subscriptionsTo(agentId).length > 0, { what: 'a subscription' });
      held.open();
      const events = await reading;
      expect(streamedText(events)).toBe('One two three four');
      expect(events.filter(({ kind }) => kind === 'task')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ kind: 'status', state: 'completed' });
      const subscriptions = subscriptionsTo(agentId);
      expect(subscriptions.length).toBeGreaterThan(0);
      expect(subscriptions.every(({ headers }) => (headers['last-event-id'] !== undefined) === ids)).toBe(
        true,
      );
    },
  );
});
