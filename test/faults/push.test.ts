import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { makeHome, startProcess } from '../support/gateway-process.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';
import { until } from '../support/wait.ts';
import { said, silence, startWebhook, statusOf, type Received, type Webhook } from '../support/webhook.ts';

const headers = { 'A2A-Version': '1.0' };
const story = ['working', 'answer', 'completed'];
let model: ModelServer;
let reply: Reply;
let gateway: TestGateway;
let webhook: Webhook;

beforeAll(async () => {
  model = await startModelServer(() => reply);
  gateway = await open([0, 40, 40, 40]);
});

async function open(delaysMs: readonly number[]): Promise<TestGateway> {
  return await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' },
    pushTimes: { delaysMs, timeoutMs: 500 },
  });
}

beforeEach(async () => {
  reply = text('It is on its way.');
  webhook = await startWebhook();
});

afterEach(async () => {
  await webhook.close();
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

/** Starts a task that is told to this address; returns the task's id. */
async function send(config: object, url = gateway.url, returnImmediately = false): Promise<string> {
  const configuration = { taskPushNotificationConfig: config, returnImmediately };
  const body = rpc('SendMessage', { ...v1Text('Where is my order?'), configuration });
  const answer = await call<{ task: { id: string } }>(url, 'talker', body, { headers });
  return answer.result?.task.id ?? '';
}

async function configsOf(taskId: string): Promise<unknown[]> {
  const body = rpc('ListTaskPushNotificationConfigs', { taskId });
  return (await call<{ configs: unknown[] }>(gateway.url, 'talker', body, { headers })).result?.configs ?? [];
}

interface ListedLetter {
  id: string;
  task_id: string;
  tries: number;
  error: string;
}

async function deadLettersOf(taskId: string): Promise<ListedLetter[]> {
  const response = await fetch(`${gateway.url}/api/v1/push/dead-letters?limit=100`, {
    headers: { Authorization: `SSWS ${adminKey}` },
  });
  const { dead_letters: letters } = (await response.json()) as { dead_letters: ListedLetter[] };
  return letters.filter((letter) => letter.task_id === taskId);
}

function idsOf(received: readonly Received[]): (string | string[] | undefined)[] {
  return received.map((one) => one.headers['webhook-id']);
}

describe('a receiver', () => {
  test('that is down is told all of it, in order, once it is back', async () => {
    const patient = await open([0, ...Array<number>(200).fill(40)]);
    const { port } = new URL(webhook.url);
    await webhook.close();
    await send({ url: webhook.url }, patient.url);
    webhook = await startWebhook(Number(port));
    expect((await webhook.arrived(3)).map(said)).toEqual(story);
    await patient.stop();
  });

  test('that fails is sent the same again, with the same id, before what follows', async () => {
    webhook.answerWith(statusOf(500), statusOf(204), statusOf(503), statusOf(404));
    await send({ url: webhook.url });
    const received = await webhook.arrived(6);
    expect(received.map(said)).toEqual(['working', 'working', 'answer', 'answer', 'answer', 'completed']);
    expect(new Set(idsOf(received)).size).toBe(3);
    expect(received[1]?.text).toBe(received[0]?.text);
  });

  test('that does not answer is given up on in time and sent it again', async () => {
    webhook.answerWith(silence);
    await send({ url: webhook.url });
    expect((await webhook.arrived(4)).map(said)).toEqual(['working', ...story]);
  });

  test('that is slow with one task does not hold up another', async () => {
    webhook.answerWith(silence);
    await send({ url: webhook.url });
    const other = await startWebhook();
    await send({ url: other.url });
    expect((await other.arrived(3)).map(said)).toEqual(story);
    await other.close();
  });

  test('that says 429 is left alone as long as it asks', async () => {
    webhook.answerWith(statusOf(429, { 'Retry-After': '1' }));
    await send({ url: webhook.url });
    await webhook.arrived(1);
    const refusedAt = performance.now();
    expect((await webhook.arrived(4)).map(said)).toEqual(['working', ...story]);
    expect(performance.now() - refusedAt).toBeGreaterThan(900);
  });

  test('that says 410 is not called again: its config is gone', async () => {
    webhook.answerWith(statusOf(410));
    const taskId = await send({ url: webhook.url });
    await until(async () => (await configsOf(taskId)).length === 0, { what: 'the config to go' });
    const other = await startWebhook();
    await send({ url: other.url });
    await other.arrived(3);
    expect(webhook.received.map(said)).toEqual(['working']);
    expect(await deadLettersOf(taskId)).toEqual([]);
    await other.close();
  });

  test('that redirects to the loopback address is not followed', async () => {
    const victim = await startWebhook();
    const redirect = statusOf(302, { Location: victim.url });
    webhook.answerWith(...Array.from({ length: 12 }, () => redirect));
    const taskId = await send({ url: webhook.url });
    await until(async () => (await deadLettersOf(taskId)).length === 3, { what: 'the dead letters' });
    expect((await deadLettersOf(taskId)).map(({ error }) => error)).toEqual(
      Array.from({ length: 3 }, () => 'HTTP 302, which is not followed'),
    );
    expect(victim.connections).toBe(0);
    await victim.close();
  });
});

test('what cannot be delivered becomes a dead letter, what follows goes on, and it can be redelivered', async () => {
  webhook.answerWith(statusOf(500), statusOf(500), statusOf(500), statusOf(500));
  const taskId = await send({ url: `${webhook.url}/hook?key=in-the-query` });
  expect((await webhook.arrived(6)).map(said)).toEqual([...Array<string>(3).fill('working'), ...story]);
  const [letter, ...others] = await deadLettersOf(taskId);
  expect(others).toEqual([]);
  expect(letter).toEqual({
    id: expect.any(String),
    task_id: taskId,
    event_id: '1-2',
    agent_id: 'talker',
    owner: 'admin',
    config_id: expect.any(String),
    target: `${webhook.url}/hook`,
    tries: 4,
    error: 'HTTP 500',
    given_up_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const response = await fetch(`${gateway.url}/api/v1/push/dead-letters/${letter?.id}/redeliver`, {
    method: 'POST',
    headers: { Authorization: `SSWS ${adminKey}` },
  });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ id: letter?.id, status: 'queued' });
  const received = await webhook.arrived(7);
  expect(idsOf(received).at(-1)).toBe(idsOf(received)[0]);
  expect(await deadLettersOf(taskId)).toEqual([]);
});

describe('kill -9 of the gateway', () => {
  test('between the events and their delivery: all of it is delivered after the restart, in order', async () => {
    const home = await makeHome([agentFile('talker') as { id: string }]);
    const env = { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' };
    let life = await startProcess(home, env);
    // The receiver takes the first one and never says so: nothing of the task counts as delivered.
    webhook.answerWith(silence);
    const taskId = await send({ url: webhook.url, token: 'sealed' }, life.url);
    await webhook.arrived(1);
    await life.end('SIGKILL');
    life = await startProcess(home, env);
    const received = await webhook.arrived(4);
    expect(received.map(said)).toEqual(['working', ...story]);
    expect(idsOf(received)[1]).toBe(idsOf(received)[0]);
    expect(received.every((one) => one.headers['x-a2a-notification-token'] === 'sealed')).toBe(true);
    expect(idsOf(received).every((id) => String(id).startsWith(`${taskId}.`))).toBe(true);
    await life.end('SIGKILL');
    await home.remove();
  });

  test('in mid-run: the second attempt is told of too', async () => {
    const home = await makeHome([agentFile('talker') as { id: string }]);
    const env = { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' };
    let life = await startProcess(home, env);
    const never = gate();
    reply = text('It is ', never);
    const taskId = await send({ url: webhook.url }, life.url, true);
    await webhook.arrived(1);
    await life.end('SIGKILL');
    reply = text('It has come.');
    life = await startProcess(home, env);
    await until(() => webhook.received.some((one) => said(one) === 'completed'), { what: 'the end' });
    const attempts = idsOf(webhook.received).map((id) => String(id).replace(`${taskId}.`, '').split('-')[0]);
    expect(attempts.join('')).toMatch(/^1+22$/);
    expect(webhook.received.map(said).slice(-2)).toEqual(['answer', 'completed']);
    expect(webhook.received.at(-2)?.body.artifactUpdate?.artifact.parts).toMatchObject([
      { text: 'It has come.' },
    ]);
    never.open();
    await life.end('SIGKILL');
    await home.remove();
  });
});
