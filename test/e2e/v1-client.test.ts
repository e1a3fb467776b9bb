import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Role,
  TaskState,
  type Message,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
} from '@a2a-js/sdk';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { cardUrl, connectV1, httpTransports, type V1Client } from '../support/sdk-clients.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let client: V1Client;

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

function request(text: string, contextId = '', returnImmediately = false): SendMessageRequest {
  const message: Message = {
    messageId: randomUUID(),
    contextId,
    taskId: '',
    role: Role.ROLE_USER,
    parts: [
      { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' },
    ],
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

function textOf(task: Task): string {
  const [answer] = task.artifacts;
  return (answer?.parts ?? [])
    .map((part) => (part.content?.$case === 'text' ? part.content.value : ''))
    .join('');
}

/** The text that artifact updates bring, `append: false` starting it anew. */
function textOfUpdates(events: readonly StreamResponse[]): string {
  let text = '';
  for (const { payload } of events) {
    if (payload?.$case !== 'artifactUpdate') continue;
    const piece = (payload.value.artifact?.parts ?? [])
      .map((part) => (part.content?.$case === 'text' ? part.content.value : ''))
      .join('');
    text = payload.value.append ? text + piece : piece;
  }
  return text;
}

describe.each(httpTransports)('an unmodified v1.0 SDK client over %s', (transport) => {
  const addresses = new Set<string>();

  beforeAll(async () => {
    const onResponse = ({ url }: Response): unknown => addresses.add(url.slice(gateway.url.length));
    client = await connectV1(cardUrl(gateway, 'talker'), { transport, onResponse });
    addresses.clear();
  });

  afterAll(() => {
    expect(addresses.has('/a2a/talker')).toBe(transport === 'JSONRPC');
    expect(addresses.has('/a2a/talker/message:send')).toBe(transport === 'HTTP+JSON');
  });

  test('finds version 1.0 in the card alone', () => {
    expect(client.protocolVersion).toBe('1.0');
  });

  test('sends and gets the finished task with the answer as an artifact', async () => {
    replies = [text('Hello ', 'world')];
    const task = await sendForTask(request('Hi'));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(task.status?.message).toBeUndefined();
    expect(textOf(task)).toBe('Hello world');
    const again = await client.getTask({ tenant: '', id: task.id, historyLength: undefined });
    expect(textOf(again)).toBe('Hello world');
    expect(again.history).toHaveLength(1);
  });

  test('streams: task first, steps, text, and one final status last', async () => {
    replies = [text('One ', 'two ', 'three')];
    const events = await Array.fromAsync(client.sendMessageStream(request('Count')));
    const kinds = events.map((event) => event.payload?.$case);
    expect(kinds[0]).toBe('task');
    expect(kinds.filter((kind) => kind === 'task')).toHaveLength(1);
    const states = events.flatMap(({ payload }) =>
      payload?.$case === 'statusUpdate' ? [payload.value.status?.state] : [],
    );
    expect(states.at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(states.filter((state) => state === TaskState.TASK_STATE_WORKING).length).toBeGreaterThanOrEqual(2);
    expect(kinds.at(-1)).toBe('statusUpdate');
    expect(textOfUpdates(events)).toBe('One two three');
  });

  test('returns at once when asked, and lists the task', async () => {
    const held = gate();
    replies = [text(held, 'late')];
    const task = await sendForTask(request('Later', '', true));
    expect([TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING]).toContain(task.status?.state);
    const listed = await client.listTasks({
      tenant: '',
      contextId: task.contextId,
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageSize: undefined,
      pageToken: '',
      historyLength: undefined,
      statusTimestampAfter: undefined,
      includeArtifacts: undefined,
    });
    expect(listed.tasks.map(({ id }) => id)).toEqual([task.id]);
    held.open();
    await Array.fromAsync(client.resubscribeTask({ tenant: '', id: task.id })).catch(() => []);
    const done = await client.getTask({ tenant: '', id: task.id, historyLength: undefined });
    expect(textOf(done)).toBe('late');
  });

  test('cancels a slow task: the request to the model is really aborted', async () => {
    replies = [hangAfter('begun')];
    const stream = client.sendMessageStream(request('Take your time'));
    const first = await stream.next();
    const { payload } = first.value as StreamResponse;
    const id = payload?.$case === 'task' ? payload.value.id : '';
    for await (const event of stream) if (event.payload?.$case === 'artifactUpdate') break;
    const canceled = await client.cancelTask({ tenant: '', id, metadata: undefined });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await model.requests.at(-1)?.aborted;
    const again = await client.cancelTask({ tenant: '', id, metadata: undefined });
    expect(again.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
  });

  test('resubscribes after its socket was cut: snapshot and tail give the whole text once', async () => {
    const held = gate();
    replies = [text('first half, ', held, 'second half')];
    const cut = new AbortController();
    const seen: StreamResponse[] = [];
    try {
      for await (const event of client.sendMessageStream(request('Tell'), { signal: cut.signal })) {
        seen.push(event);
        if (event.payload?.$case === 'artifactUpdate') cut.abort();
      }
    } catch {
      // The cut socket.
    }
    const task = seen[0]?.payload;
    const id = task?.$case === 'task' ? task.value.id : '';
    const resumed = client.resubscribeTask({ tenant: '', id });
    const snapshot = (await resumed.next()).value as StreamResponse;
    held.open();
    const tail = await Array.fromAsync(resumed);
    const before = snapshot.payload?.$case === 'task' ? textOf(snapshot.payload.value) : '';
    expect(before).toBe('first half, ');
    expect(before + textOfUpdates(tail)).toBe('first half, second half');
  });

  test('a follow-up in the same context knows the first turn', async () => {
    replies = [text('Nice to meet you, Ada.'), text('You are Ada.')];
    const first = await sendForTask(request('I am Ada.'));
    await sendForTask(request('Who am I?', first.contextId));
    const messages = model.requests.at(-1)?.body.messages;
    expect(messages?.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'system: You are a test agent.',
      'user: I am Ada.',
      'assistant: Nice to meet you, Ada.',
      'user: Who am I?',
    ]);
  });
});
