import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { providedValuesUri } from '../support/protocol-versions.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';
import { said, startWebhook, type Webhook } from '../support/webhook.ts';

const customer = { name: 'customer', schema: { type: 'string' }, onMissing: 'auth-required' };
const values = { data: { customer: 'Ada' }, metadata: { [providedValuesUri]: true } };
let model: ModelServer;
let webhook: Webhook;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(() => text('Hello.'));
  gateway = await startGateway({
    files: { 'desk.yaml': agentFile('desk', { contextVariables: [customer] }) },
    env: { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' },
  });
});

beforeEach(async () => {
  webhook = await startWebhook();
});

afterEach(async () => {
  await webhook.close();
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

interface Sent {
  task: { id: string; status: { state: string } };
}

/** Sends a message whose task is to be told to the webhook, if there is one. */
async function send(message: object, told?: Webhook): Promise<Sent['task']> {
  const configuration = told && { taskPushNotificationConfig: { url: told.url } };
  const body = rpc('SendMessage', { ...v1Text('Hi', message), ...(configuration && { configuration }) });
  const headers = { 'A2A-Version': '1.0', 'A2A-Extensions': providedValuesUri };
  const { result } = await call<Sent>(gateway.url, 'desk', body, { headers });
  if (!result) throw new Error('The message was refused.');
  return result.task;
}

describe('a task that asks', () => {
  test('is told of through its question and its answer', async () => {
    const { id, status } = await send({}, webhook);
    expect(status.state).toBe('TASK_STATE_AUTH_REQUIRED');
    await send({ taskId: id, parts: [{ text: 'Ada' }, values] });
    const states = (await webhook.arrived(4)).map(said);
    expect(states.slice(-4)).toEqual(['auth_required', 'working', 'answer', 'completed']);
  });

  test('takes a config with the message that goes on with it, once however often that is sent', async () => {
    const { id } = await send({});
    const further = { taskId: id, messageId: randomUUID(), parts: [{ text: 'Ada' }, values] };
    await send(further, webhook);
    await send(further, webhook);
    expect((await webhook.arrived(3)).map(said)).toEqual(['working', 'answer', 'completed']);
    const body = rpc('ListTaskPushNotificationConfigs', { taskId: id });
    const listed = await call(gateway.url, 'desk', body, { headers: { 'A2A-Version': '1.0' } });
    expect(listed.result).toEqual({
      configs: [{ taskId: id, id: further.messageId, url: webhook.url }],
    });
  });
});

describe.each([
  ['v1', { url: 'http://127.0.0.1:9/hook' }],
  ['v0.3', { pushNotificationConfig: { url: 'http://127.0.0.1:9/hook' } }],
])('over HTTP+JSON (%s)', (version, config) => {
  test('configs are created, listed, got and deleted', async () => {
    const { id } = await send({ parts: [{ text: 'Hi' }, values] });
    const base = version === 'v1' ? '' : '/v1';
    const ask = async (method: string, path = ''): Promise<{ status: number; text: string }> => {
      const response = await fetch(
        `${gateway.url}/a2a/desk${base}/tasks/${id}/pushNotificationConfigs${path}`,
        {
          method,
          headers: {
            Authorization: `SSWS ${adminKey}`,
            'Content-Type': 'application/json',
            ...(version === 'v1' && { 'A2A-Version': '1.0' }),
          },
          ...(method === 'POST' && { body: JSON.stringify(config) }),
        },
      );
      return { status: response.status, text: await response.text() };
    };
    const created = await ask('POST');
    expect(created.text).toContain('http://127.0.0.1:9/hook');
    // v0.3 sets the one config of a task where it names none.
    const configId = version === 'v1' ? (JSON.parse(created.text) as { id: string }).id : 'default';
    expect(created.status).toBeLessThan(300);
    expect((await ask('GET')).text).toContain(configId);
    expect(await ask('GET', `/${configId}`)).toEqual({ status: 200, text: created.text });
    expect((await ask('DELETE', `/${configId}`)).status).toBeLessThan(300);
    expect((await ask('GET', `/${configId}`)).status).toBe(404);
  });
});
