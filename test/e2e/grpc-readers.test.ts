import { once } from 'node:events';
import { ListTasksRequest, SendMessageRequest, StreamResponse, TaskState, type Task } from '@a2a-js/sdk';
import { A2AService as v1 } from '@a2a-js/sdk/server/grpc';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { GrpcCaller } from '../support/grpc-clients.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { post, rpc, v1Text } from '../support/rpc.ts';
import { collect, readSse } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let caller: GrpcCaller;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0' },
  });
  caller = new GrpcCaller(gateway.grpcAddress ?? '');
});

afterAll(async () => {
  caller.close();
  await gateway.stop();
  await model.close();
});

function sending(text: string): SendMessageRequest {
  return SendMessageRequest.fromJSON(v1Text(text));
}

function taskIn(event: StreamResponse | undefined): string {
  return event?.payload?.$case === 'task' ? event.payload.value.id : '';
}

function textOf(events: readonly StreamResponse[]): string {
  const parts = events.flatMap(({ payload }) =>
    payload?.$case === 'artifactUpdate' ? (payload.value.artifact?.parts ?? []) : [],
  );
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
}

/** All tasks, without their artifacts; the newest first. */
async function tasks(): Promise<Task[]> {
  const { response } = await caller.unary(v1.listTasks, ListTasksRequest.fromJSON({}));
  return response?.tasks ?? [];
}

async function newestTask(): Promise<string> {
  const [newest] = await tasks();
  return newest?.id ?? '';
}

async function finishes(id: string): Promise<void> {
  const isCompleted = async (): Promise<boolean> => {
    const task = (await tasks()).find((one) => one.id === id);
    return task?.status?.state === TaskState.TASK_STATE_COMPLETED;
  };
  await until(isCompleted, { what: 'the run to go on to its end' });
}

async function errorOf(stream: AsyncIterable<StreamResponse>): Promise<ServiceError | undefined> {
  try {
    for await (const _ of stream);
    return undefined;
  } catch (error) {
    return error as ServiceError;
  }
}

test('who cancels a stream leaves the run going on', async () => {
  const held = gate();
  replies = [text('begun', held, ' and done')];
  const stream = caller.stream(v1.sendStreamingMessage, sending('Go'));
  const seen: StreamResponse[] = [];
  stream.on('data', (event: StreamResponse) => {
    seen.push(event);
    if (event.payload?.$case === 'artifactUpdate') stream.cancel();
  });
  const [error] = (await once(stream, 'error')) as [ServiceError];
  expect(error.code).toBe(status.CANCELLED);
  held.open();
  await finishes(taskIn(seen[0]));
});

test('a deadline ends a stream and not the run', async () => {
  const held = gate();
  replies = [text(held, 'done')];
  const options = { deadline: Date.now() + 300 };
  const error = await errorOf(caller.stream(v1.sendStreamingMessage, sending('Go'), {}, options));
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  held.open();
  await finishes(await newestTask());
});

test('a deadline ends a blocking send and not the run', async () => {
  const held = gate();
  replies = [text(held, 'done')];
  const options = { deadline: Date.now() + 300 };
  const { error } = await caller.unary(v1.sendMessage, sending('Go'), {}, options);
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  held.open();
  await finishes(await newestTask());
});

test('the id of an event over HTTP resumes over gRPC', async () => {
  replies = [text('a ', 'b ', 'c')];
  const params = v1Text('Go');
  const frames = await collect(
    readSse(await post(gateway.url, 'talker', rpc('SendStreamingMessage', params))),
  );
  const id = await newestTask();
  const cursor = { 'last-event-id': frames.at(-3)?.id ?? '' };
  const rest = await Array.fromAsync(caller.stream(v1.subscribeToTask, { tenant: '', id }, cursor));
  const expected = frames.slice(-2).map(({ data }) => (JSON.parse(data) as { result: object }).result);
  expect(rest.map((event) => StreamResponse.toJSON(event))).toEqual(expected);
});

test('a reader that does not read holds up nobody, and gets everything when it reads', async () => {
  const pieces = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(100_000)} `);
  replies = [text(...pieces)];
  const slow = new GrpcCaller(gateway.grpcAddress ?? '');
  const stream = slow.stream(v1.sendStreamingMessage, sending('Go'));
  await once(stream, 'metadata');
  await finishes(await newestTask());
  const events = await Array.fromAsync<StreamResponse>(stream);
  expect(textOf(events)).toBe(pieces.join(''));
  slow.close();
});

test('a gateway that stops lets its streams end with the run', async () => {
  const own = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0', SHUTDOWN_GRACE_SECONDS: '10' },
  });
  const to = new GrpcCaller(own.grpcAddress ?? '');
  const held = gate();
  replies = [text('begun', held, ' and done')];
  const stream = to.stream(v1.sendStreamingMessage, sending('Go'));
  const events: StreamResponse[] = [];
  stream.on('data', (event: StreamResponse) => events.push(event));
  const ended = once(stream, 'status');
  await until(() => textOf(events) === 'begun', { what: 'the first piece of text' });
  const stopped = own.stop();
  held.open();
  await ended;
  expect(textOf(events)).toBe('begun and done');
  await stopped;
  const { error } = await to.unary(v1.getTask, { tenant: '', id: 'any', historyLength: undefined });
  expect(error?.code).toBe(status.UNAVAILABLE);
  to.close();
});
