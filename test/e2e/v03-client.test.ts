import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type {
  MessageSendParams,
  Part,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatusUpdateEvent,
} from 'a2a-js-sdk-v0-3';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, hangAfter, status, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { cardUrl, connectV03, type V03Client } from '../support/sdk-clients.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let client: V03Client;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
  client = await connectV03(cardUrl(gateway, 'talker'));
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

function params(words: string, contextId?: string): MessageSendParams {
  return {
    message: {
      kind: 'message',
      messageId: randomUUID(),
      role: 'user',
      parts: [{ kind: 'text', text: words }],
      ...(contextId !== undefined && { contextId }),
    },
    configuration: { blocking: true },
  };
}

async function sendForTask(request: MessageSendParams): Promise<Task> {
  const result = await client.sendMessage(request);
  if (result.kind !== 'task') throw new Error('A task was expected.');
  return result;
}

function textOf(parts: readonly Part[] = []): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}

type StreamEvent = Task | TaskStatusUpdateEvent | TaskArtifactUpdateEvent | { kind: 'message' };

function textOfUpdates(events: readonly StreamEvent[]): string {
  let words = '';
  for (const event of events) {
    if (event.kind !== 'artifact-update') continue;
    words = event.append ? words + textOf(event.artifact.parts) : textOf(event.artifact.parts);
  }
  return words;
}

function statusUpdates(events: readonly StreamEvent[]): TaskStatusUpdateEvent[] {
  return events.filter((event) => event.kind === 'status-update');
}

describe('an unmodified v0.3 SDK client', () => {
  test('sends and gets the answer in the final status message and as an artifact', async () => {
    replies = [text('Hello ', 'world')];
    const task = await sendForTask(params('Hi'));
    expect(task.status.state).toBe('completed');
    expect(textOf(task.status.message?.parts)).toBe('Hello world');
    expect(textOf(task.artifacts?.[0]?.parts)).toBe('Hello world');
    const again = await client.getTask({ id: task.id });
    expect(textOf(again.status.message?.parts)).toBe('Hello world');
  });

  test('streams: task, DW_STATUS_UPDATE steps, text, and exactly one final update with the whole answer', async () => {
    replies = [text('One ', 'two ', 'three')];
    const events: StreamEvent[] = await Array.fromAsync(client.sendMessageStream(params('Count')));
    expect(events[0]?.kind).toBe('task');
    const updates = statusUpdates(events);
    const steps = updates.filter(
      (update) => update.status.message?.parts[0]?.metadata?.type === 'DW_STATUS_UPDATE',
    );
    expect(steps.length).toBeGreaterThanOrEqual(2);
    expect(steps.every((step) => step.status.state === 'working' && !step.final)).toBe(true);
    const finals = updates.filter((update) => update.final);
    expect(finals).toHaveLength(1);
    expect(events.at(-1)).toBe(finals[0]);
    expect(finals[0]?.status.state).toBe('completed');
    expect(textOf(finals[0]?.status.message?.parts)).toBe('One two three');
    expect(textOfUpdates(events)).toBe('One two three');
  });

  test('a failure carries its reason in the final message', async () => {
    replies = [status(400)];
    const events: StreamEvent[] = await Array.fromAsync(client.sendMessageStream(params('Fail')));
    const final = statusUpdates(events).at(-1);
    expect(final?.final).toBe(true);
    expect(final?.status.state).toBe('failed');
    expect(textOf(final?.status.message?.parts)).toContain('openai');
  });

  test('cancels a slow task; a second cancel is an error', async () => {
    replies = [hangAfter('begun')];
    const stream = client.sendMessageStream(params('Take your time'));
    let id = '';
    for await (const event of stream) {
      if (event.kind === 'task') id = event.id;
      if (event.kind === 'artifact-update') break;
    }
    const canceled = await client.cancelTask({ id });
    expect(canceled.status.state).toBe('canceled');
    await model.requests.at(-1)?.aborted;
    await expect(client.cancelTask({ id })).rejects.toThrow(/cancel/);
  });

  test('resubscribes after its socket was cut: snapshot and tail give the whole text once', async () => {
    const held = gate();
    replies = [text('first half, ', held, 'second half')];
    const cut = new AbortController();
    let id = '';
    try {
      for await (const event of client.sendMessageStream(params('Tell'), { signal: cut.signal })) {
        if (event.kind === 'task') id = event.id;
        if (event.kind === 'artifact-update') cut.abort();
      }
    } catch {
      // The cut socket.
    }
    const resumed = client.resubscribeTask({ id });
    const snapshot = (await resumed.next()).value as Task;
    held.open();
    const tail: StreamEvent[] = await Array.fromAsync(resumed);
    const before = textOf(snapshot.artifacts?.[0]?.parts);
    expect(before).toBe('first half, ');
    expect(before + textOfUpdates(tail)).toBe('first half, second half');
    expect(textOf(statusUpdates(tail).at(-1)?.status.message?.parts)).toBe('first half, second half');
  });

  test('a follow-up in the same context knows the first turn', async () => {
    replies = [text('Nice to meet you, Ada.'), text('You are Ada.')];
    const first = await sendForTask(params('I am Ada.'));
    await sendForTask(params('Who am I?', first.contextId));
    const contents = model.requests.at(-1)?.body.messages.map((message) => message.content);
    expect(contents?.slice(1)).toEqual(['I am Ada.', 'Nice to meet you, Ada.', 'Who am I?']);
  });
});
