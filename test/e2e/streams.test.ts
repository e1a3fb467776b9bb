import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, type Gate } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, post, rpc, v03Text, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  readEvents,
  seenEvent,
  seenTask,
  streamedText,
  textOf,
  type SeenEvent,
  type SeenTask,
} from '../support/run-events.ts';
import { cutAfter, readSse } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

const headers = { 'A2A-Version': '1.0' };

let model: ModelServer;
let gateway: TestGateway;
/** By the words of the user: where the model waits in the middle of its answer. */
const gates = new Map<string, Gate>();

beforeAll(async () => {
  model = await startModelServer(({ body }) => {
    const words = body.messages.at(-1)?.content ?? '';
    const held = gates.get(words);
    return held
      ? text(`${words}: `, 'one ', held, 'two ', 'three')
      : text(`${words}: `, 'one ', 'two ', 'three');
  });
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), SSE_KEEPALIVE_SECONDS: '0.2' },
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

async function open(params: object, signal?: AbortSignal): Promise<Response> {
  return await post(gateway.url, 'talker', rpc('SendStreamingMessage', params), {
    headers,
    ...(signal && { signal }),
  });
}

async function getTask(id: string): Promise<SeenTask> {
  return seenTask((await call(gateway.url, 'talker', rpc('GetTask', { id }), { headers })).result);
}

type Ending = 'left alone' | 'canceled in the middle' | 'canceled at its end';

interface Finished {
  ending: Ending;
  events: SeenEvent[];
  /** State in the answer to the cancel, or the code of its error. */
  cancel: string | number | undefined;
  params: { message: object };
}

/** Streams one run to its end, canceling it on the way if that is its ending. */
async function runOne(index: number): Promise<Finished> {
  const ending =
    (['left alone', 'canceled in the middle', 'canceled at its end'] as const)[index % 3] ?? 'left alone';
  const words = `Run ${index}`;
  const held = gate();
  if (ending !== 'left alone') gates.set(words, held);
  const params = v1Text(words);
  const events: SeenEvent[] = [];
  let cancel: Promise<string | number> | undefined;
  for await (const frame of readSse(await open(params))) {
    if (frame.comment !== undefined) continue;
    events.push(seenEvent(frame));
    if (ending === 'left alone' || cancel || !streamedText(events).includes('one')) continue;
    if (ending === 'canceled at its end') held.open();
    cancel = cancelTask(events[0]?.id ?? '');
  }
  return { ending, events, cancel: await cancel, params };
}

async function cancelTask(id: string): Promise<string | number> {
  const answer = await call(gateway.url, 'talker', rpc('CancelTask', { id }), { headers });
  return answer.error?.code ?? seenTask(answer.result).state;
}

test('fifty streams with cancels mixed in: store, stream and answers agree, each ends once', async () => {
  const finished = await Promise.all(Array.from({ length: 50 }, async (_, index) => await runOne(index)));
  for (const { ending, events, cancel, params } of finished) {
    expectWhole(events);
    const last = events.at(-1)?.state;
    if (ending === 'left alone') expect({ last, cancel }).toEqual({ last: 'completed', cancel: undefined });
    if (ending === 'canceled in the middle')
      expect({ last, cancel }).toEqual({ last: 'canceled', cancel: 'canceled' });
    if (ending === 'canceled at its end')
      expect([`canceled canceled`, `completed -32002`]).toContain(`${last} ${cancel}`);
    const stored = await getTask(events[0]?.id ?? '');
    expect(stored.state).toBe(last);
    expect(artifactText(stored)).toBe(streamedText(events));
    // The same message again attaches to the run: the blocking answer is the same task.
    const answer = await call(gateway.url, 'talker', rpc('SendMessage', params), { headers });
    expect(seenTask(answer.result)).toEqual(stored);
    if (last === 'completed') expect(streamedText(events)).toMatch(/^Run \d+: one two three$/);
  }
  expect(finished.filter(({ ending }) => ending === 'canceled in the middle')).toHaveLength(17);
});

describe('a client that leaves', () => {
  // In the middle of this answer the stream has had four events: task, step, two pieces of text or one of both.
  test.each([0, 1, 2, 3])(
    'after %i events stops reading, not the task; what it missed is there to be read',
    async (count) => {
      const words = `Leave after ${count}`;
      const held = gate();
      gates.set(words, held);
      const contextId = randomUUID();
      const params = v1Text(words, { contextId });
      const seen = (await cutAfter(count, async (signal) => await open(params, signal))).map(seenEvent);
      expect(seen).toHaveLength(count);
      held.open();
      await completed(contextId, `${words}: one two three`);
      const rest = await readEvents(await open(params));
      expectWhole(rest);
      expect(rest.slice(0, count)).toEqual(seen);
    },
  );

  test('before it has got so much as the headers', async () => {
    const words = 'Leave at once';
    const held = gate();
    gates.set(words, held);
    const contextId = randomUUID();
    const leaving = new AbortController();
    const asked = model.requests.length;
    const response = call(gateway.url, 'talker', rpc('SendMessage', v1Text(words, { contextId })), {
      headers,
      signal: leaving.signal,
    });
    await model.request(asked);
    leaving.abort();
    await expect(response).rejects.toThrow(/abort/i);
    held.open();
    await completed(contextId, `${words}: one two three`);
  });
});

/** Waits until the one task of the context is completed with this answer. */
async function completed(contextId: string, answer: string): Promise<void> {
  const task = await until(
    async () => {
      const { result } = await call(
        gateway.url,
        'talker',
        rpc('ListTasks', { contextId, includeArtifacts: true }),
        { headers },
      );
      const tasks = ((result?.['tasks'] ?? []) as object[]).map(seenTask);
      expect(tasks).toHaveLength(1);
      return tasks[0]?.state === 'completed' && tasks[0];
    },
    { what: 'the task to be completed' },
  );
  expect(artifactText(task)).toBe(answer);
}

test('two readers of one run see the same events; the late one after the task as it stood', async () => {
  const words = 'Two readers';
  const held = gate();
  gates.set(words, held);
  const first: SeenEvent[] = [];
  let late: Promise<SeenEvent[]> | undefined;
  for await (const frame of readSse(await open(v1Text(words)))) {
    if (frame.comment !== undefined) continue;
    first.push(seenEvent(frame));
    if (late || !streamedText(first).includes('one')) continue;
    const subscribed = await post(gateway.url, 'talker', rpc('SubscribeToTask', { id: first[0]?.id }), {
      headers,
    });
    late = readEvents(subscribed);
    held.open();
  }
  const [snapshot, ...tail] = (await late) ?? [];
  expect(snapshot).toMatchObject({ kind: 'task', state: 'working' });
  expect(tail).toEqual(first.slice(-tail.length));
  expect(
    artifactText(snapshot as SeenTask) + streamedText(tail.map((event) => ({ ...event, append: true }))),
  ).toBe(`${words}: one two three`);
});

test('a stream in which nothing happens says that it is alive, by comments', async () => {
  const words = 'Silence';
  const held = gate();
  gates.set(words, held);
  const response = await post(gateway.url, 'talker', rpc('message/stream', v03Text(words)));
  expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  const comments: string[] = [];
  const events: SeenEvent[] = [];
  for await (const frame of readSse(response)) {
    if (frame.comment === undefined) events.push(seenEvent(frame));
    else comments.push(frame.comment);
    if (comments.length === 2) held.open();
  }
  expect(comments.slice(0, 2)).toEqual(['keep-alive', 'keep-alive']);
  expectWhole(events);
  expect(textOf(events.at(-1)?.parts)).toBe(`${words}: one two three`);
});
