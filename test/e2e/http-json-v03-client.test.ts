import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MessageSendParams, Part, Task } from 'a2a-js-sdk-v0-3';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, hangAfter, status, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { cardUrl, connectV03, type V03Client } from '../support/sdk-clients.ts';

// Beside `v03-client.test.ts`: the SDK's reader of proto-JSON drops the metadata of parts and `append`.

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let client: V03Client;
const addresses: string[] = [];

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
  const onResponse = ({ url }: Response): unknown => addresses.push(url.slice(gateway.url.length));
  client = await connectV03(cardUrl(gateway, 'talker'), { transport: 'HTTP+JSON', onResponse });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

function params(words: string): MessageSendParams {
  return {
    message: {
      kind: 'message',
      messageId: randomUUID(),
      role: 'user',
      parts: [{ kind: 'text', text: words }],
    },
    configuration: { blocking: true },
  };
}

function textOf(parts: readonly Part[] = []): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}

test('an unmodified v0.3 REST client sends and gets, from the card alone', async () => {
  replies = [text('Hello ', 'world')];
  const task = (await client.sendMessage(params('Hi'))) as Task;
  expect(task).toMatchObject({ kind: 'task', status: { state: 'completed' } });
  expect(textOf(task.status.message?.parts)).toBe('Hello world');
  const again = await client.getTask({ id: task.id, historyLength: 0 });
  expect(textOf(again.artifacts?.[0]?.parts)).toBe('Hello world');
  expect(addresses.slice(-2)).toEqual([
    '/a2a/talker/v1/message:send',
    `/a2a/talker/v1/tasks/${task.id}?historyLength=0`,
  ]);
});

test('streams: the task first, one final update with the whole answer last', async () => {
  replies = [text('One ', 'two ', 'three')];
  const events = await Array.fromAsync(client.sendMessageStream(params('Count')));
  expect(events[0]?.kind).toBe('task');
  const finals = events.filter((event) => event.kind === 'status-update' && event.final);
  expect(finals).toEqual([events.at(-1)]);
  expect(finals).toMatchObject([
    { status: { state: 'completed', message: { parts: [{ kind: 'text', text: 'One two three' }] } } },
  ]);
});

test('a failure carries its reason in the final message', async () => {
  replies = [status(400)];
  const events = await Array.fromAsync(client.sendMessageStream(params('Fail')));
  expect(events.at(-1)).toMatchObject({ kind: 'status-update', final: true, status: { state: 'failed' } });
});

test('cancels a slow task, and not twice', async () => {
  replies = [hangAfter('begun')];
  let id = '';
  for await (const event of client.sendMessageStream(params('Take your time'))) {
    if (event.kind === 'task') id = event.id;
    if (event.kind === 'artifact-update') break;
  }
  expect((await client.cancelTask({ id })).status.state).toBe('canceled');
  await model.requests.at(-1)?.aborted;
  await expect(client.cancelTask({ id })).rejects.toThrow(/cancel/);
  expect(addresses.at(-1)).toBe(`/a2a/talker/v1/tasks/${id}:cancel`);
});

test('resubscribes to a live task: the snapshot first, then the rest', async () => {
  const held = gate();
  replies = [text('first half, ', held, 'second half')];
  let id = '';
  for await (const event of client.sendMessageStream(params('Tell'))) {
    if (event.kind === 'task') id = event.id;
    if (event.kind === 'artifact-update') break;
  }
  const resumed = client.resubscribeTask({ id });
  const snapshot = (await resumed.next()).value as Task;
  expect(textOf(snapshot.artifacts?.[0]?.parts)).toBe('first half, ');
  held.open();
  const tail = await Array.fromAsync(resumed);
  const last = tail.at(-1);
  expect(last).toMatchObject({ kind: 'status-update', final: true });
  expect(JSON.stringify(last)).toContain('first half, second half');
});

test('a task that is not there is the error that it knows', async () => {
  await expect(client.getTask({ id: 'nobody' })).rejects.toMatchObject({ name: 'TaskNotFoundError' });
});
