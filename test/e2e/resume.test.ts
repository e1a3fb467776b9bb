import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, post, rpc, v03Text, v1Text } from '../support/rpc.ts';
import { collect, cutAfter, readSse, type SseFrame } from '../support/sse-reader.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

function taskIdOf(frame: SseFrame | undefined): string {
  const { result } = JSON.parse(frame?.data ?? '{}') as { result: { id?: string; task?: { id: string } } };
  return result.task?.id ?? result.id ?? '';
}

function stream(body: object, lastEventId?: string): Promise<Response> {
  return post(gateway.url, 'talker', body, {
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
  });
}

/** Cuts a stream after each of its events and resumes it: together the two must be the whole, to the letter. */
async function resumesEverywhere(
  method: string,
  params: { message: object },
  resubscribe: string,
): Promise<void> {
  replies = [text('a ', 'b ', 'c ', 'd')];
  const whole = await collect(readSse(await stream(rpc(method, params))));
  expect(whole.length).toBeGreaterThanOrEqual(5);
  const id = taskIdOf(whole[0]);
  for (const [index, frame] of whole.entries()) {
    const rest = await collect(readSse(await stream(rpc(resubscribe, { id }), frame.id ?? '')));
    expect(rest).toEqual(whole.slice(index + 1));
    const reposted = await collect(readSse(await stream(rpc(method, params), frame.id ?? '')));
    expect(reposted).toEqual(whole.slice(index + 1));
  }
}

test('v1.0: Last-Event-ID resumes a stream after any of its events, without loss or repetition', async () => {
  await resumesEverywhere('SendStreamingMessage', v1Text('Go'), 'SubscribeToTask');
});

test('v0.3: Last-Event-ID resumes a stream after any of its events, without loss or repetition', async () => {
  await resumesEverywhere('message/stream', v03Text('Go'), 'tasks/resubscribe');
});

test('a reader that was cut in mid-stream gets exactly the rest of the live stream', async () => {
  const held = gate();
  replies = [text('one ', held, 'two')];
  const params = v1Text('Go on');
  const seen = await cutAfter(3, async () => await stream(rpc('SendStreamingMessage', params)));
  const resumed = readSse(await stream(rpc('SubscribeToTask', { id: taskIdOf(seen[0]) }), seen.at(-1)?.id));
  held.open();
  const rest = await collect(resumed);
  const whole = await collect(readSse(await stream(rpc('SendStreamingMessage', params))));
  expect([...seen, ...rest]).toEqual(whole);
});

test('the same message again attaches to the first run; other content under its id is refused', async () => {
  const before = model.requests.length;
  replies = [text('once')];
  const params = v1Text('Say it once');
  const [one, two] = await Promise.all([
    collect(readSse(await stream(rpc('SendStreamingMessage', params)))),
    collect(readSse(await stream(rpc('SendStreamingMessage', params)))),
  ]);
  expect(two).toEqual(one);
  expect(model.requests.length - before).toBe(1);
  const other = { message: { ...params.message, parts: [{ text: 'Something else' }] } };
  const answer = await call(gateway.url, 'talker', rpc('SendMessage', other), {
    headers: { 'A2A-Version': '1.0' },
  });
  expect(answer.error?.code).toBe(-32602);
});

test('a finished task without a cursor has nothing to subscribe to: a plain JSON error', async () => {
  replies = [text('done')];
  const frames = await collect(readSse(await stream(rpc('SendStreamingMessage', v1Text('Finish')))));
  const response = await stream(rpc('SubscribeToTask', { id: taskIdOf(frames[0]) }));
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(((await response.json()) as { error: { code: number } }).error.code).toBe(-32004);
});

test('a cursor of another attempt gets the task first', async () => {
  replies = [text('done')];
  const frames = await collect(readSse(await stream(rpc('SendStreamingMessage', v1Text('Attempt')))));
  const rest = await collect(
    readSse(await stream(rpc('SubscribeToTask', { id: taskIdOf(frames[0]) }), '7-3')),
  );
  expect(rest).toHaveLength(1);
  expect(JSON.parse(rest[0]?.data ?? '{}')).toMatchObject({
    result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } },
  });
});
