import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MessageSendParams, Part, Task, TaskArtifactUpdateEvent } from 'a2a-js-sdk-v0-3';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectGrpcV03 } from '../support/grpc-clients.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let client: ReturnType<typeof connectGrpcV03>;

const defaultInputModes = ['text/plain', 'application/json', 'application/octet-stream', 'image/png'];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: {
      'another.yaml': agentFile('another'),
      'talker.yaml': agentFile('talker', {}, { defaultInputModes }),
    },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0', DEFAULT_AGENT: 'talker' },
  });
  client = connectGrpcV03(gateway.grpcAddress ?? '');
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

const wait = { blocking: true };

function params(parts: Part[], configuration?: MessageSendParams['configuration']): MessageSendParams {
  const message = { kind: 'message', messageId: randomUUID(), role: 'user', parts } as const;
  return { message, ...(configuration && { configuration }) };
}

function saying(text: string, configuration?: MessageSendParams['configuration']): MessageSendParams {
  return params([{ kind: 'text', text }], configuration);
}

async function sendForTask(request: MessageSendParams): Promise<Task> {
  const result = await client.sendMessage(request);
  if (result.kind !== 'task') throw new Error('A task was expected.');
  return result;
}

function textOf(artifacts: readonly { parts: Part[] }[] = []): string {
  return artifacts
    .flatMap(({ parts }) => parts)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('');
}

describe('an unmodified v0.3 SDK client over gRPC', () => {
  test('sends and gets the finished task with the answer as an artifact', async () => {
    replies = [text('Hello ', 'world')];
    const task = await sendForTask(saying('Hi', wait));
    expect(task.status.state).toBe('completed');
    expect(textOf(task.artifacts)).toBe('Hello world');
    const again = await client.getTask({ id: task.id });
    expect(again).toMatchObject({ id: task.id, contextId: task.contextId, status: { state: 'completed' } });
    expect(textOf(again.artifacts)).toBe('Hello world');
    expect(again.history).toEqual([
      expect.objectContaining({ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }),
    ]);
  });

  test('all kinds of parts arrive', async () => {
    replies = [text('Seen.')];
    const bytes = Buffer.from([0, 1, 254, 255]).toString('base64');
    const parts: Part[] = [
      { kind: 'data', data: { answer: 42, list: [1, 'two', { deep: true }] } },
      { kind: 'file', file: { bytes, mimeType: 'application/octet-stream' } },
      { kind: 'file', file: { uri: 'https://files.example/a.png', mimeType: 'image/png' } },
    ];
    const task = await sendForTask(params(parts, wait));
    expect(task.history?.[0]?.parts).toEqual(parts);
  });

  test('streams: task first, text in order, and only the last status is final', async () => {
    replies = [text('One ', 'two ', 'three')];
    const events = await Array.fromAsync(client.sendMessageStream(saying('Count')));
    expect(events[0]?.kind).toBe('task');
    const updates = events.filter(
      (event): event is TaskArtifactUpdateEvent => event.kind === 'artifact-update',
    );
    expect(textOf(updates.map(({ artifact }) => artifact))).toBe('One two three');
    const finals = events.map((event) => event.kind === 'status-update' && event.final);
    expect(finals.indexOf(true)).toBe(events.length - 1);
    expect(events.at(-1)).toMatchObject({ kind: 'status-update', status: { state: 'completed' } });
  });

  test('resubscribes: snapshot and tail give the whole text once', async () => {
    const held = gate();
    replies = [text('first half, ', held, 'second half')];
    const stream = client.sendMessageStream(saying('Tell'));
    const first = await stream.next();
    const id = first.value?.kind === 'task' ? first.value.id : '';
    for await (const event of stream) if (event.kind === 'artifact-update') break;
    const resumed = client.resubscribeTask({ id });
    const snapshot = (await resumed.next()).value;
    held.open();
    const tail = await Array.fromAsync(resumed);
    const before = snapshot?.kind === 'task' ? textOf(snapshot.artifacts) : '';
    const after = tail.map((event) => (event.kind === 'artifact-update' ? textOf([event.artifact]) : ''));
    expect(before).toBe('first half, ');
    expect(after.join('')).toBe('second half');
  });

  test('cancels, and a second cancel is an error', async () => {
    replies = [hangAfter('begun')];
    const task = await sendForTask(saying('Take your time', { blocking: false }));
    expect(['submitted', 'working']).toContain(task.status.state);
    expect((await client.cancelTask({ id: task.id })).status.state).toBe('canceled');
    await expect(client.cancelTask({ id: task.id })).rejects.toThrow(/canceled/);
  });

  test('gets the errors of the protocol', async () => {
    const id = randomUUID();
    await expect(client.getTask({ id })).rejects.toThrow(`you have no task ${id}`);
    await expect(client.sendMessage(params([], wait))).rejects.toThrow(/message\.content must not be empty/);
    await expect(client.getExtendedAgentCard()).rejects.toThrow(/no extended card/);
    const config = { taskId: id, pushNotificationConfig: { url: 'https://hooks.example/' } };
    await expect(client.setTaskPushNotificationConfig(config)).rejects.toThrow(/Task not found/);
    const stranger = connectGrpcV03(gateway.grpcAddress ?? '', { metadata: { authorization: 'SSWS wrong' } });
    await expect(stranger.getTask({ id })).rejects.toThrow(/16 Valid credentials/);
  });

  test('names another agent in the metadata', async () => {
    replies = [text('Me.')];
    const other = connectGrpcV03(gateway.grpcAddress ?? '', { metadata: { 'x-agent-id': 'another' } });
    const task = await other.sendMessage(saying('Who?', wait));
    const id = task.kind === 'task' ? task.id : '';
    await expect(client.getTask({ id })).rejects.toThrow(/no task/);
    expect((await other.getTask({ id })).id).toBe(id);
  });
});
