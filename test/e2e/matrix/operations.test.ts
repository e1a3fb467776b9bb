import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/wait.ts';
import { said, startWebhook, type Received, type Webhook } from '../../support/webhook.ts';
import { combinations, type Driver } from './connect.ts';
import { answerOf, saying, taskIn, textOf, wordsOf, type NeutralEvent, type NeutralPart } from './neutral.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let webhook: Webhook;
beforeAll(async () => {
  [world, webhook] = await Promise.all([openWorld(), startWebhook()]);
});
afterAll(async () => {
  await world.close();
  await webhook.close();
});

describe.each(combinations)('A2A $version over $transport', (combination) => {
  let client: Driver;
  let module: Driver;
  beforeAll(async () => {
    client = await world.connect(combination);
    module = await world.connect(combination, { agentId: 'conformance' });
  });

  /** What the module agent does with a message whose id has this prefix. */
  async function steer(prefix: string, words = 'Go on.', more = {}): ReturnType<Driver['send']> {
    return await module.send(saying(words, { messageId: `${prefix}-${randomUUID()}`, ...more }));
  }

  async function begin(words: string): Promise<string> {
    return taskIn(await client.send(saying(words, { immediately: true }))).id;
  }

  test('sends: waits for the end; ids are new, the context is made', async () => {
    const first = taskIn(await client.send(saying('Hi', { messageId: 'one' + randomUUID() })));
    const second = taskIn(await client.send(saying('Hi')));
    expect(first).toMatchObject({ state: 'completed', said: [] });
    expect(answerOf(first)).toBe('Hello world');
    expect(first.contextId).toMatch(/./);
    expect(new Set([first.id, second.id, first.contextId, second.contextId]).size).toBe(4);
    expect(Date.parse(first.at)).toBeGreaterThan(Date.now() - 60_000);
  });

  test("sends: into the caller's own context", async () => {
    const contextId = randomUUID();
    expect(taskIn(await client.send(saying('Hi', { contextId }))).contextId).toBe(contextId);
  });

  test('sends: at once when the caller does not want to wait', async () => {
    const name = randomUUID();
    const task = taskIn(await client.send(saying(`Tell ${name}`, { immediately: true })));
    expect(['submitted', 'working']).toContain(task.state);
    const rest = client.subscribe(task.id);
    await rest.next();
    world.gate(name).open();
    await Array.fromAsync(rest);
    expect(answerOf(await client.get(task.id))).toBe('first half, second half');
  });

  test('streams: the task first, what happens in its order, the end last', async () => {
    const events = await Array.fromAsync(client.stream(saying('Hi')));
    const words = wordsOf(events);
    expect(words[0]).toBe('task');
    expect(words.filter((word) => word === 'task')).toHaveLength(1);
    expect(words.indexOf('working')).toBe(1);
    expect(words).toContain('answer');
    expect(words.indexOf('completed')).toBe(words.length - 1);
    expect(
      answerOf({ artifacts: events.flatMap((event) => ('artifact' in event ? [event.artifact] : [])) }),
    ).toBe('Hello world');
  });

  test('gets: with as much of the history as was asked for', async () => {
    const waiting = taskIn(await steer('tck-input-required', 'First.'));
    await steer('tck-input-required', 'Second.', { taskId: waiting.id });
    const { id } = taskIn(await steer('tck-complete-task', 'Third.', { taskId: waiting.id }));
    const { history } = await module.get(id);
    expect(history.map(({ role, parts }) => [role, textOf(parts)])).toEqual([
      ['user', 'First.'],
      ['agent', 'Please go on.'],
      ['user', 'Second.'],
      ['agent', 'Please go on.'],
      ['user', 'Third.'],
    ]);
    expect((await module.get(id, 2)).history).toEqual(history.slice(-2));
    expect((await module.get(id, 100)).history).toEqual(history);
  });

  test('gets and sends: no history where none is wanted', async () => {
    const task = taskIn(await client.send(saying('Hi', { historyLength: 0 })));
    // A plain number in the proto of v0.3: its clients leave 0 out, but for the query of HTTP+JSON.
    const isV1 = combination.version === '1.0';
    expect(task.history).toHaveLength(isV1 || combination.transport === 'JSONRPC' ? 0 : 1);
    expect((await client.get(task.id, 0)).history).toHaveLength(
      isV1 || combination.transport !== 'GRPC' ? 0 : 1,
    );
    expect((await client.get(task.id)).history).toHaveLength(1);
  });

  test('sends: what continues a task needs its id alone, and stays in its context', async () => {
    const waiting = taskIn(await steer('tck-input-required'));
    expect(waiting).toMatchObject({ state: 'input-required', said: [{ text: 'Please go on.' }] });
    const done = taskIn(await steer('tck-complete-task', 'Now.', { taskId: waiting.id }));
    expect(done).toMatchObject({ id: waiting.id, contextId: waiting.contextId, state: 'completed' });
  });

  test('streams: what continues a task begins with the task', async () => {
    const { id: taskId } = taskIn(await steer('tck-input-required'));
    const messageId = `tck-stream-001-${randomUUID()}`;
    const events = await Array.fromAsync(module.stream(saying('Now.', { messageId, taskId })));
    expect(events[0]).toMatchObject({ task: { id: taskId, state: 'working' } });
    expect(wordsOf(events.slice(-2))).toEqual(['output', 'completed']);
    expect((await module.get(taskId)).state).toBe('completed');
  });

  test('sends and streams: a direct answer is a message and nothing else', async () => {
    const direct = { role: 'agent', parts: [{ text: 'Direct message response' }] };
    const answer = await steer('tck-message-response');
    expect(answer.task).toBeUndefined();
    expect(answer.message).toMatchObject(direct);
    const messageId = `tck-message-response-${randomUUID()}`;
    const events = await Array.fromAsync(module.stream(saying('Hi', { messageId })));
    expect(events).toEqual([{ message: expect.objectContaining(direct) }]);
  });

  test.each<[string, NeutralPart]>([
    ['tck-artifact-text', { text: 'Generated text content' }],
    [
      'tck-artifact-file',
      { raw: Buffer.from('Generated file content').toString('base64'), mediaType: 'text/plain' },
    ],
    ['tck-artifact-file-url', { url: 'https://example.com/output.txt', mediaType: 'text/plain' }],
    ['tck-artifact-data', { data: { key: 'value', count: 42 } }],
  ])('every kind of part: %s', async (prefix, part) => {
    const task = taskIn(await steer(prefix));
    expect(task).toMatchObject({
      state: 'completed',
      artifacts: [{ artifactId: 'output', parts: [part] }],
    });
    expect((await module.get(task.id)).artifacts).toEqual(task.artifacts);
  });

  test('cancels: the task has stopped; once more is idempotent in v1.0 and an error in v0.3', async () => {
    const id = await begin('Hang');
    expect((await client.cancel(id)).state).toBe('canceled');
    expect((await client.get(id)).state).toBe('canceled');
    if (combination.version === '1.0') expect((await client.cancel(id)).state).toBe('canceled');
    else
      expect((await client.refusal(async () => await client.cancel(id))).reason).toBe('TASK_NOT_CANCELABLE');
  });

  test('subscribes: the task as it is, what comes, and the end', async () => {
    const name = randomUUID();
    const id = await begin(`Tell ${name}`);
    const events: NeutralEvent[] = [];
    for await (const event of client.subscribe(id)) {
      if (events.push(event) === 1) world.gate(name).open();
    }
    const words = wordsOf(events);
    expect(words[0]).toBe('task');
    expect(words.indexOf('completed')).toBe(words.length - 1);
    expect(answerOf(await client.get(id))).toBe('first half, second half');
  });

  test('streams and subscriptions: end with the task that is canceled', async () => {
    const stream = client.stream(saying('Hang'));
    const first = (await stream.next()).value;
    const id = first && 'task' in first ? first.task.id : '';
    const subscription = client.subscribe(id);
    await subscription.next();
    await client.cancel(id);
    for (const one of [stream, subscription]) {
      const words = wordsOf(await Array.fromAsync(one));
      expect(words.indexOf('canceled')).toBe(words.length - 1);
    }
  });

  test('sends and streams: a failure says why', async () => {
    const task = taskIn(await client.send(saying('Fail')));
    expect(task.state).toBe('failed');
    expect(textOf(task.said)).toMatch(/model/i);
    const events = await Array.fromAsync(client.stream(saying('Fail')));
    expect(events.at(-1)).toMatchObject({ status: { state: 'failed', said: task.said } });
  });

  test('push configs: created, got, listed, deleted, and deleted again', async () => {
    const taskId = await begin('Hi');
    const authentication = { scheme: 'Bearer', credentials: 'very-secret' };
    const config = { taskId, id: 'mine', url: `${webhook.url}/none`, token: 'token', authentication };
    expect(await client.createPush(config)).toEqual(config);
    expect(await client.getPush(taskId, 'mine')).toEqual(config);
    expect(await client.listPush(taskId)).toEqual([config]);
    await client.deletePush(taskId, 'mine');
    await client.deletePush(taskId, 'mine');
    expect(await client.listPush(taskId)).toEqual([]);
  });

  test('push configs: one that comes with the message is served', async () => {
    const path = `/${randomUUID()}`;
    const authentication = { scheme: 'Bearer', credentials: 'very-secret' };
    const push = { id: 'inline', url: webhook.url + path, token: 'token', authentication };
    const { id } = taskIn(await client.send(saying('Hi', { push })));
    expect(await client.listPush(id)).toEqual([{ taskId: id, ...push }]);
    const notifications = (): Received[] => webhook.received.filter((one) => one.path === path);
    await until(() => notifications().map(said).includes('completed'), { what: 'the last notification' });
    for (const { headers, body } of notifications()) {
      expect(headers).toMatchObject({
        authorization: 'Bearer very-secret',
        'x-a2a-notification-token': 'token',
      });
      // In the version of who registered it: of v0.3 the task, of v1.0 what a stream would have brought.
      if (combination.version === '0.3') expect(body).toMatchObject({ kind: 'task', id });
      else expect(Object.keys(body)).toHaveLength(1);
    }
  });

  test('extended card: more than the card says', async () => {
    expect(await client.extendedCard()).toEqual({
      description: 'All that it can do.',
      skills: ['talk', 'refund'],
    });
  });
});
