import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, type TestGateway } from '../support/gateway.ts';
import { backKey, startFront, startFronted, type FrontedGateways } from '../support/fronted-gateways.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { call, post, rpc, v03Text, v1Text, type RpcAnswer } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  seenEvent,
  seenTask,
  streamedText,
  textOf,
  type SeenTask,
} from '../support/run-events.ts';
import { collect, cutAfter, readSse, take } from '../support/sse-reader.ts';
import { cardUrl, connectV03, connectV1 } from '../support/sdk-clients.ts';
import { until } from '../support/wait.ts';

let gateways: FrontedGateways;
let front: TestGateway;
let replies: Reply[] = [];

beforeAll(async () => {
  gateways = await startFronted(() => replies.shift() ?? text('no reply was scripted'));
  front = gateways.front;
});

afterEach(() => {
  replies = [];
});

afterAll(async () => {
  await gateways.stop();
});

const headers = { 'A2A-Version': '1.0' };

async function ask(agentId: string, method: string, params: unknown): Promise<RpcAnswer> {
  return await call(front.url, agentId, rpc(method, params), { headers });
}

async function send(agentId: string, words: string, message: object = {}): Promise<SeenTask> {
  return seenTask((await ask(agentId, 'SendMessage', v1Text(words, message))).result);
}

async function open(agentId: string, params: object, more: Record<string, string> = {}): Promise<Response> {
  return await post(front.url, agentId, rpc('SendStreamingMessage', params), {
    headers: { ...headers, ...more },
  });
}

/** The tasks that the back knows, newest first. */
async function backTasks(agentId: string): Promise<SeenTask[]> {
  const answer = await call<{ tasks: unknown[] }>(gateways.back.url, agentId, rpc('ListTasks', {}), {
    headers,
    authorization: `SSWS ${backKey}`,
  });
  return (answer.result?.tasks ?? []).map(seenTask);
}

describe('cancel', () => {
  test('of a working task ends the task of the back first', async () => {
    replies = [hangAfter('begun')];
    const frames = readSse(await open('talker', v1Text('Go')));
    const [first] = (await take(frames, 1)).map(seenEvent);
    await until(
      async () =>
        artifactText(seenTask((await ask('talker', 'GetTask', { id: first?.id })).result)) === 'begun',
      {
        what: 'a piece of the answer',
      },
    );
    const canceled = await ask('talker', 'CancelTask', { id: first?.id });
    expect(seenTask(canceled.result).state).toBe('canceled');
    expect((await backTasks('talker'))[0]?.state).toBe('canceled');
    await gateways.model.requests.at(-1)?.aborted;
    const rest = (await collect(frames)).map(seenEvent);
    expect(rest.at(-1)).toMatchObject({ kind: 'status', state: 'canceled' });
  });

  test('of a waiting task reaches the back too', async () => {
    const waiting = await send('actor', 'ask');
    expect(waiting.state).toBe('input-required');
    const canceled = await ask('actor', 'CancelTask', { id: waiting.id });
    expect(seenTask(canceled.result).state).toBe('canceled');
    expect((await backTasks('actor'))[0]?.state).toBe('canceled');
  });
});

describe('a task that waits', () => {
  test('goes on in the same task of the back, and completes', async () => {
    const waiting = await send('actor', 'ask');
    expect(textOf(waiting.parts)).toBe('Which one?');
    const [before] = await backTasks('actor');
    const parts = [{ text: 'b' }, { data: { really: true } }];
    const { id: taskId, contextId } = waiting;
    const frames = await collect(readSse(await open('actor', v1Text('', { taskId, contextId, parts }))));
    const events = frames.map(seenEvent);
    expect(events.at(-1)).toMatchObject({ kind: 'status', state: 'completed', parts: [{ text: 'Thanks.' }] });
    const task = seenTask((await ask('actor', 'GetTask', { id: taskId })).result);
    expect(task.artifacts).toMatchObject([{ artifactId: 'draft' }, { artifactId: 'choice', parts }]);
    const [after] = await backTasks('actor');
    expect(after).toMatchObject({ id: before?.id, state: 'completed' });
  });

  test('an unmodified v1.0 and a v0.3 client do it with their own means', async () => {
    const v1 = await connectV1(cardUrl(front, 'actor'));
    const v03 = await connectV03(cardUrl(front, 'actor'));
    const { message } = v03Text('ask') as { message: Parameters<typeof v03.sendMessage>[0]['message'] };
    const waiting = await v03.sendMessage({ message });
    if (waiting.kind !== 'task') throw new Error('A task was expected.');
    expect(waiting.status.state).toBe('input-required');
    const { id: taskId, contextId } = waiting;
    const answer = { ...message, messageId: 'the-answer', taskId, contextId };
    const done = await v03.sendMessage({ message: answer });
    expect(done).toMatchObject({ kind: 'task', id: taskId, status: { state: 'completed' } });
    const same = await v1.getTask({ tenant: '', id: taskId, historyLength: undefined });
    expect(same.artifacts.map(({ artifactId }) => artifactId)).toEqual(['draft', 'choice']);
    expect(same.history.map(({ messageId }) => messageId)).toEqual([
      message.messageId,
      expect.any(String),
      'the-answer',
    ]);
  });
});

describe('what the back is told', () => {
  test('parts and metadata to the byte, an id of the run and no context of the caller', async () => {
    const parts = [
      { text: 'echo é😀\r\n' },
      { raw: '/+8AAQID', mediaType: 'application/octet-stream', filename: 'bytes.bin' },
      { url: 'https://files.example/a%20b?c=d', mediaType: 'image/png' },
      { data: { nested: [1, 2.5, null, { '': 'x' }] }, metadata: { kept: { deep: true } } },
      { data: [1, 'two', null] },
      { data: null },
    ];
    const task = await send('actor', '', { parts, metadata: { trace: 'abc' }, contextId: 'my-context' });
    const again = await send('actor', 'echo', { contextId: 'my-context' });
    const [echo] = task.artifacts;
    expect(echo?.parts).toEqual(parts);
    const [second, first] = await backTasks('actor');
    expect(first?.contextId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(second?.contextId).toBe(first?.contextId);
    expect(again.contextId).toBe('my-context');
  });

  test('the conversation goes on in one context of the back', async () => {
    replies = [text('Nice to meet you, Ada.'), text('You are Ada.')];
    const { contextId } = await send('talker', 'I am Ada.');
    await send('talker', 'Who am I?', { contextId });
    const contents = gateways.model.requests.at(-1)?.body.messages.map(({ content }) => content);
    expect(contents?.slice(1)).toEqual(['I am Ada.', 'Nice to meet you, Ada.', 'Who am I?']);
  });
});

test("the front's reader resumes after each event without loss or repetition", async () => {
  replies = [text('One ', 'two ', 'three')];
  const params = v1Text('Count');
  const whole = await collect(readSse(await open('talker', params)));
  expectWhole(whole.map(seenEvent));
  expect(streamedText(whole.map(seenEvent))).toBe('One two three');
  for (let count = 1; count < whole.length; count += 1) {
    const before = await cutAfter(count, async () => await open('talker', params));
    const cursor = { 'Last-Event-ID': before.at(-1)?.id ?? '' };
    const after = await collect(readSse(await open('talker', params, cursor)));
    expect([...before, ...after]).toEqual(whole);
  }
});

test('a reader that joins later is shown the task, and the rest', async () => {
  const held = gate();
  replies = [text('first, ', held, 'second')];
  const frames = readSse(await open('talker', v1Text('Tell')));
  const [first] = (await take(frames, 1)).map(seenEvent);
  const seen = async (): Promise<SeenTask> =>
    seenTask((await ask('talker', 'GetTask', { id: first?.id })).result);
  await until(async () => artifactText(await seen()) === 'first, ', { what: 'the first piece' });
  const joined = readSse(
    await post(front.url, 'talker', rpc('SubscribeToTask', { id: first?.id }), { headers }),
  );
  const [task] = (await take(joined, 1)).map(seenEvent);
  held.open();
  expect(task && artifactText(task)).toBe('first, ');
  expect(streamedText((await collect(joined)).map(seenEvent))).toBe('second');
  await collect(frames);
});

describe('credentials', () => {
  test("neither the caller's nor the gateway's own stand in a log", async () => {
    replies = [text('ok')];
    await send('talker', 'Go');
    for (const gateway of [front, gateways.back]) {
      expect(gateway.logged()).not.toContain(backKey);
      expect(gateway.logged()).not.toContain(adminKey);
    }
  });

  test('one that the back refuses fails the task in words that tell whose it is', async () => {
    const wrong = await startFront(gateways.back, { env: { BACK_KEY: 'wrong-key-0123456789' } });
    const task = seenTask(
      (await call(wrong.url, 'talker', rpc('SendMessage', v1Text('Go')), { headers })).result,
    );
    await wrong.stop();
    expect(task).toMatchObject({ state: 'failed', parts: [{ metadata: { code: 'provider_error' } }] });
    expect(textOf(task.parts)).toMatch(/refused the gateway's credentials/);
  });

  test('one that is not there fails it with the name of the variable', async () => {
    const without = await startFront(gateways.back, { env: {} });
    const task = seenTask(
      (await call(without.url, 'talker', rpc('SendMessage', v1Text('Go')), { headers })).result,
    );
    await without.stop();
    expect(task.state).toBe('failed');
    expect(textOf(task.parts)).toMatch(/BACK_KEY/);
  });
});
