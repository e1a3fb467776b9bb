import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { httpJson } from '../support/http-json.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { conversationHistoryUri } from '../support/protocol-versions.ts';
import { post, rpc, v03ProtoText, v03Text, v1Text } from '../support/rpc.ts';
import { collect, cutAfter, readSse, type SseFrame } from '../support/sse-reader.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('Fine.'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

/** What a test that goes over both versions must know of each. */
const versions = [
  {
    version: '1.0',
    at: 'talker',
    type: 'application/a2a+json',
    created: 200,
    send: v1Text,
    rpcSend: v1Text,
    rpcStream: 'SendStreamingMessage',
    extensions: 'a2a-extensions',
  },
  {
    version: '0.3',
    at: 'talker/v1',
    type: 'application/json',
    created: 201,
    send: v03ProtoText,
    rpcSend: v03Text,
    rpcStream: 'message/stream',
    extensions: 'x-a2a-extensions',
  },
] as const;

interface WireTask {
  id: string;
  contextId: string;
  status: { state: string };
  artifacts?: { parts: { text?: string }[] }[];
}

async function sendForTask(at: string, body: object): Promise<WireTask> {
  const response = await httpJson(gateway.url, `${at}/message:send`, { body });
  return ((await response.json()) as { task: WireTask }).task;
}

async function streamed(path: string, options: Parameters<typeof httpJson>[2] = {}): Promise<SseFrame[]> {
  return await collect(readSse(await httpJson(gateway.url, path, options)));
}

function taskIdOf(frame: SseFrame | undefined): string {
  return (JSON.parse(frame?.data ?? '{}') as { task: WireTask }).task.id;
}

describe.each(versions)('HTTP+JSON of A2A $version', ({ at, type, created, send, ...names }) => {
  test('sends, gets, lists and cancels', async () => {
    const response = await httpJson(gateway.url, `${at}/message:send`, { body: send('Hi') });
    expect(response.status).toBe(created);
    expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const { task } = (await response.json()) as { task: WireTask };
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(task.artifacts).toMatchObject([{ parts: [{ text: 'Fine.' }] }]);

    const got = await httpJson(gateway.url, `${at}/tasks/${task.id}?historyLength=0`);
    expect(got.status).toBe(200);
    const { history: _history, ...rest } = (await got.json()) as Record<string, unknown>;
    expect(_history).toBeUndefined();
    expect(rest).toMatchObject({ id: task.id, status: task.status });

    const query = `contextId=${task.contextId}&pageSize=1&includeArtifacts=true&status=TASK_STATE_COMPLETED`;
    const listed: unknown = await (await httpJson(gateway.url, `${at}/tasks?${query}`)).json();
    const tasks = Array.isArray(listed) ? listed : (listed as { tasks: unknown[] }).tasks;
    expect(tasks).toMatchObject([{ id: task.id, artifacts: [{ parts: [{ text: 'Fine.' }] }] }]);

    const canceled = await httpJson(gateway.url, `${at}/tasks/${task.id}:cancel`, { method: 'POST' });
    expect(canceled.status).toBe(400);
  });

  test.each([undefined, '', 'null', '{}'])('cancels with the body %j', async (body) => {
    const held = gate();
    replies = [text('begun ', held, 'never')];
    const seen = await cutAfter(
      3,
      async () => await httpJson(gateway.url, `${at}/message:stream`, { body: send('Go') }),
    );
    const path = `${at}/tasks/${taskIdOf(seen[0])}:cancel`;
    const response = await httpJson(gateway.url, path, { method: 'POST', body });
    held.open();
    expect(response.status).toBe(200);
    expect(((await response.json()) as WireTask).status.state).toBe(
      names.version === '1.0' ? 'TASK_STATE_CANCELED' : 'TASK_STATE_CANCELLED',
    );
  });

  test('resumes a stream after any of its events, by GET and by POST', async () => {
    replies = [text('a ', 'b ', 'c')];
    const body = send('Go');
    const whole = await streamed(`${at}/message:stream`, { body });
    expect(whole.length).toBeGreaterThanOrEqual(5);
    const path = `${at}/tasks/${taskIdOf(whole[0])}:subscribe`;
    for (const [index, frame] of whole.entries()) {
      const headers = { 'Last-Event-ID': frame.id ?? '' };
      const rest = whole.slice(index + 1);
      expect(await streamed(path, { headers })).toEqual(rest);
      expect(await streamed(path, { headers, method: 'POST' })).toEqual(rest);
      expect(await streamed(`${at}/message:stream`, { headers, body })).toEqual(rest);
    }
  });

  test('a subscriber of a live task gets the task first, then the rest', async () => {
    const held = gate();
    replies = [text('one ', held, 'two')];
    const body = send('Go on');
    const seen = await cutAfter(3, async () => await httpJson(gateway.url, `${at}/message:stream`, { body }));
    const subscribed = readSse(await httpJson(gateway.url, `${at}/tasks/${taskIdOf(seen[0])}:subscribe`));
    const first = await subscribed.next();
    expect(taskIdOf(first.value ?? undefined)).toBe(taskIdOf(seen[0]));
    held.open();
    const rest = await collect(subscribed);
    const whole = await streamed(`${at}/message:stream`, { body });
    expect(rest.length).toBeGreaterThan(0);
    expect(rest).toEqual(whole.slice(-rest.length));
  });

  test('the same stream over JSON-RPC has the same events in the same order', async () => {
    replies = [text('One ', 'two ', 'three')];
    const words = `Count ${names.version}`;
    const messageId = randomUUID();
    const own = await streamed(`${at}/message:stream`, { body: send(words, { messageId }) });
    const request = rpc(names.rpcStream, names.rpcSend(words, { messageId }));
    const other = await collect(readSse(await post(gateway.url, 'talker', request)));
    expect(other.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
    expect(other.map(contentOf)).toEqual(own.map(contentOf));
    const bare = other.map(({ data }) => (JSON.parse(data) as { result: unknown }).result);
    if (names.version === '1.0') expect(bare).toEqual(own.map(({ data }) => JSON.parse(data) as unknown));
    expect(model.requests.filter(({ body }) => body.messages.at(-1)?.content === words)).toHaveLength(1);
  });

  test('answers and streams name the activated extensions', async () => {
    const headers = { 'A2A-Extensions': `urn:unknown, ${conversationHistoryUri}` };
    for (const verb of ['send', 'stream']) {
      const path = `${at}/message:${verb}`;
      const response = await httpJson(gateway.url, path, { body: send('Hi'), headers });
      expect(response.headers.get(names.extensions)).toBe(conversationHistoryUri);
      await response.text();
    }
  });

  test('a header or the query names the version, whatever the path', async () => {
    for (const other of versions) {
      const body = other.send('Hi');
      const headers = { 'A2A-Version': other.version };
      const byHeader = await httpJson(gateway.url, `${at}/message:send`, { body, headers });
      expect(byHeader.status).toBe(other.created);
      expect(byHeader.headers.get('content-type')).toContain(other.type);
      const path = `${at}/message:send?A2A-Version=${other.version}`;
      expect((await httpJson(gateway.url, path, { body })).status).toBe(other.created);
    }
  });

  test('slashes at the end do not matter, nor does the media type of the body', async () => {
    const headers = { 'Content-Type': 'application/a2a+json; charset=utf-8' };
    const sent = await httpJson(gateway.url, `${at}/message:send/`, { body: send('Hi'), headers });
    expect(sent.status).toBe(created);
    expect((await httpJson(gateway.url, `${at}/tasks//`)).status).toBe(200);
  });

  test('the id in the path wins over one in the body', async () => {
    const { id } = await sendForTask(at, send('Hi'));
    const path = `${at}/tasks/${id}:cancel`;
    const answer = await httpJson(gateway.url, path, { body: { id: 'nobody', name: 'tasks/nobody' } });
    expect(await answer.text()).toContain('completed');
  });
});

/** What an event says in either dialect of a version: its texts, states and flags. */
function contentOf({ data }: SseFrame): string[] {
  return [...data.matchAll(/"(?:text|state|append|lastChunk|final)":("[^"]*"|true)/g)]
    .map(([, value = '']) => value.toLowerCase().replace('task_state_', ''))
    .sort();
}
