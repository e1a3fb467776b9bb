import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Role, TaskState, type SendMessageRequest, type StreamResponse, type Task } from '@a2a-js/sdk';
import { TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectGrpcV1 } from '../support/grpc-clients.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { cardUrl, type V1Client } from '../support/sdk-clients.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let client: V1Client;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: {
      'another.yaml': agentFile('another', { systemPrompt: 'You are another agent.' }),
      'talker.yaml': agentFile('talker'),
    },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0' },
  });
  client = await connectGrpcV1(cardUrl(gateway, 'talker'));
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

function request(text: string, returnImmediately = false): SendMessageRequest {
  const part = { content: { $case: 'text', value: text } as const, metadata: undefined };
  const message = {
    messageId: randomUUID(),
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [{ ...part, filename: '', mediaType: 'text/plain' }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately };
  return { tenant: '', message, configuration, metadata: undefined };
}

async function sendForTask(request: SendMessageRequest): Promise<Task> {
  const result = await client.sendMessage(request);
  if (!('status' in result)) throw new Error('A task was expected.');
  return result;
}

function textOf(task: Task | undefined): string {
  const parts = task?.artifacts.flatMap((artifact) => artifact.parts) ?? [];
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
}

/** The text that artifact updates bring. */
function textOfUpdates(events: readonly StreamResponse[]): string {
  const parts = events.flatMap(({ payload }) =>
    payload?.$case === 'artifactUpdate' ? (payload.value.artifact?.parts ?? []) : [],
  );
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
}

function taskIn(event: StreamResponse | void): Task | undefined {
  return event?.payload?.$case === 'task' ? event.payload.value : undefined;
}

describe('an unmodified v1.0 SDK client over gRPC', () => {
  test('finds the server and its agent in the card alone', async () => {
    expect(client.transport.protocolName).toBe('GRPC');
    replies = [text('Hello ', 'world')];
    const task = await sendForTask(request('Hi'));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOf(task)).toBe('Hello world');
    // Not the default agent, which is the first one.
    expect(model.requests.at(-1)?.body.messages[0]?.content).toBe('You are a test agent.');
    const again = await client.getTask({ tenant: '', id: task.id, historyLength: undefined });
    expect(textOf(again)).toBe('Hello world');
    expect(again.history).toHaveLength(1);
    expect(again.status?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  test('streams: task first, text in order, and one final status last', async () => {
    replies = [text('One ', 'two ', 'three')];
    const events = await Array.fromAsync(client.sendMessageStream(request('Count')));
    const kinds = events.map((event) => event.payload?.$case);
    expect(kinds[0]).toBe('task');
    expect(kinds.filter((kind) => kind === 'task')).toHaveLength(1);
    const last = events.at(-1)?.payload;
    expect(last?.$case === 'statusUpdate' && last.value.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOfUpdates(events)).toBe('One two three');
    const steps = events.flatMap(({ payload }) =>
      payload?.$case === 'statusUpdate' ? (payload.value.status?.message?.parts ?? []) : [],
    );
    expect(steps.map(({ content }) => content?.$case)).toContain('data');
  });

  test('returns at once when asked, lists, and subscribes: snapshot and tail give the whole text once', async () => {
    const held = gate();
    replies = [text('first half, ', held, 'second half')];
    const stream = client.sendMessageStream(request('Tell'));
    const opened = taskIn((await stream.next()).value);
    const id = opened?.id ?? '';
    for await (const event of stream) if (event.payload?.$case === 'artifactUpdate') break;
    const listed = await client.listTasks({
      tenant: '',
      contextId: opened?.contextId ?? '',
      status: TaskState.TASK_STATE_WORKING,
      pageSize: undefined,
      pageToken: '',
      historyLength: undefined,
      statusTimestampAfter: undefined,
      includeArtifacts: undefined,
    });
    expect(listed.tasks.map((task) => task.id)).toEqual([id]);
    const resumed = client.resubscribeTask({ tenant: '', id });
    const snapshot = taskIn((await resumed.next()).value);
    held.open();
    const tail = await Array.fromAsync(resumed);
    expect(textOf(snapshot)).toBe('first half, ');
    expect(textOf(snapshot) + textOfUpdates(tail)).toBe('first half, second half');
  });

  test('cancels a slow task: the request to the model is really aborted', async () => {
    replies = [hangAfter('begun')];
    const task = await sendForTask(request('Take your time', true));
    for await (const event of client.resubscribeTask({ tenant: '', id: task.id })) {
      if (textOf(taskIn(event)) !== '' || event.payload?.$case === 'artifactUpdate') break;
    }
    const canceled = await client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await model.requests.at(-1)?.aborted;
  });

  test("gets the errors of the protocol as the SDK's classes", async () => {
    const missing = client.getTask({ tenant: '', id: randomUUID(), historyLength: undefined });
    await expect(missing).rejects.toThrow(TaskNotFoundError);
    replies = [text('done')];
    const { id } = await sendForTask(request('Hi'));
    const late = client.resubscribeTask({ tenant: '', id }).next();
    await expect(late).rejects.toThrow(UnsupportedOperationError);
    // A task of one agent is missing at another.
    const elsewhere = await connectGrpcV1(cardUrl(gateway, 'another'));
    const foreign = elsewhere.getTask({ tenant: '', id, historyLength: undefined });
    await expect(foreign).rejects.toThrow(TaskNotFoundError);
  });
});
