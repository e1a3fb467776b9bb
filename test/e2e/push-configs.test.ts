import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions } from '../support/protocol-versions.ts';
import { call, rpc, type RpcAnswer } from '../support/rpc.ts';
import { cardUrl, connectV03, connectV1 } from '../support/sdk-clients.ts';
import { storeKeys } from '../support/stored-keys.ts';

const url = 'http://127.0.0.1:9/hook';
let model: ModelServer;
let dataDir: string;
let keys: { user: string; other: string; manager: string };
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(() => text('Hello.'));
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-push-'));
  keys = await storeKeys(dataDir, { user: {}, other: {}, manager: { user: { role: 'manager' } } });
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' },
    dataDir,
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await rm(dataDir, { recursive: true });
});

async function ask(method: string, params: object, key = keys.user): Promise<RpcAnswer> {
  const version = method.includes('/') ? '0.3' : '1.0';
  return await call(gateway.url, 'talker', rpc(method, params), {
    headers: { 'A2A-Version': version },
    authorization: `SSWS ${key}`,
  });
}

/** A finished task: the kits register their configs on such ones too. */
async function newTask(): Promise<string> {
  const [v1] = testVersions;
  if (!v1) throw new Error('v1.0 is gone');
  return v1.task(await ask(v1.send, v1.params([v1.text('Hi')]))).id;
}

const create = 'CreateTaskPushNotificationConfig';
const get = 'GetTaskPushNotificationConfig';
const list = 'ListTaskPushNotificationConfigs';
const remove = 'DeleteTaskPushNotificationConfig';

describe('an unmodified SDK client', () => {
  test('of v1.0 creates, gets, lists and deletes configs', async () => {
    const options = { headers: { Authorization: `SSWS ${keys.user}` } };
    const client = await connectV1(cardUrl(gateway, 'talker'), options);
    const taskId = await newTask();
    const config = {
      tenant: '',
      id: 'mine',
      taskId,
      url,
      token: 'my token',
      authentication: { scheme: 'Basic', credentials: 'abc' },
    };
    expect(await client.createTaskPushNotificationConfig(config)).toEqual(config);
    const unnamed = { ...config, id: '', token: '', authentication: undefined };
    const made = await client.createTaskPushNotificationConfig(unnamed);
    expect(made).toEqual({ ...unnamed, id: expect.stringMatching(/^[\da-f-]{36}$/) });
    const { id } = config;
    expect(await client.getTaskPushNotificationConfig({ tenant: '', taskId, id })).toEqual(config);
    const page = { tenant: '', taskId, pageSize: 0, pageToken: '' };
    expect((await client.listTaskPushNotificationConfig(page)).configs).toEqual([config, made]);
    for (let time = 0; time < 2; time += 1) {
      await client.deleteTaskPushNotificationConfig({ tenant: '', taskId, id });
    }
    expect((await client.listTaskPushNotificationConfig(page)).configs).toEqual([made]);
  });

  test('of v0.3 sets, gets, lists and deletes configs; a get without id is the first one', async () => {
    const options = { headers: { Authorization: `SSWS ${keys.user}` } };
    const client = await connectV03(cardUrl(gateway, 'talker'), options);
    const taskId = await newTask();
    const pushNotificationConfig = {
      id: 'mine',
      url,
      token: 'my token',
      authentication: { schemes: ['Basic', 'Bearer'], credentials: 'abc' },
    };
    const config = { taskId, pushNotificationConfig };
    expect(await client.setTaskPushNotificationConfig(config)).toEqual(config);
    const second = { taskId, pushNotificationConfig: { id: 'second', url } };
    expect(await client.setTaskPushNotificationConfig(second)).toEqual(second);
    expect(await client.getTaskPushNotificationConfig({ id: taskId })).toEqual(config);
    const named = { id: taskId, pushNotificationConfigId: 'second' };
    expect(await client.getTaskPushNotificationConfig(named)).toEqual(second);
    expect(await client.listTaskPushNotificationConfig({ id: taskId })).toEqual([config, second]);
    await client.deleteTaskPushNotificationConfig(named);
    expect(await client.listTaskPushNotificationConfig({ id: taskId })).toEqual([config]);
  });
});

describe('configs', () => {
  test('that are missing are not found, in words about the config', async () => {
    const taskId = await newTask();
    expect((await ask(get, { taskId, id: 'none' })).error).toMatchObject({
      code: -32001,
      message: expect.stringContaining('push notification config none'),
    });
    expect((await ask('tasks/pushNotificationConfig/get', { id: taskId })).error).toMatchObject({
      code: -32001,
      message: 'The task has no push notification config.',
    });
    expect((await ask(remove, { taskId, id: 'none' })).error).toBeUndefined();
  });

  test('of one version are shown in the other', async () => {
    const taskId = await newTask();
    const pushNotificationConfig = {
      id: 'a',
      url,
      authentication: { schemes: ['Bearer'], credentials: 'c' },
    };
    await ask('tasks/pushNotificationConfig/set', { taskId, pushNotificationConfig });
    expect((await ask(get, { taskId, id: 'a' })).result).toEqual({
      taskId,
      id: 'a',
      url,
      authentication: { scheme: 'Bearer', credentials: 'c' },
    });
  });

  test('are replaced by one with the same id', async () => {
    const taskId = await newTask();
    await ask(create, { taskId, id: 'a', url, token: 'one' });
    await ask(create, { taskId, id: 'a', url: `${url}/other` });
    expect((await ask(list, { taskId })).result).toEqual({
      configs: [{ taskId, id: 'a', url: `${url}/other` }],
    });
  });

  test('are ten to a task at most', async () => {
    const taskId = await newTask();
    for (let count = 0; count < 10; count += 1) {
      expect((await ask(create, { taskId, id: `c${count}`, url })).error).toBeUndefined();
    }
    expect((await ask(create, { taskId, id: 'c10', url })).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('10 push notification configs'),
    });
    expect((await ask(create, { taskId, id: 'c3', url, token: 'new' })).error).toBeUndefined();
  });

  test('of a task of somebody else look like those of a missing one', async () => {
    const taskId = await newTask();
    await ask(create, { taskId, id: 'a', url, token: 'mine' });
    const calls: [string, object][] = [
      [create, { taskId, id: 'b', url }],
      [get, { taskId, id: 'a' }],
      [list, { taskId }],
      [remove, { taskId, id: 'a' }],
    ];
    for (const [method, params] of calls) {
      const foreign = (await ask(method, params, keys.other)).error;
      const missing = (await ask(method, { ...params, taskId: 'missing' }, keys.other)).error;
      expect(foreign).toEqual({ ...missing, message: missing?.message.replace('missing', taskId) });
      expect(foreign?.code).toBe(-32001);
    }
    expect((await ask(list, { taskId })).result).toMatchObject({ configs: [{ id: 'a' }] });
  });

  test('whose address may not be called are refused, naming url', async () => {
    const taskId = await newTask();
    for (const refused of [
      'http://169.254.169.254/',
      'https://user@127.0.0.1/',
      'ftp://127.0.0.1/',
      'hook',
    ]) {
      const { error } = await ask(create, { taskId, url: refused });
      expect(error).toMatchObject({ code: -32602, message: expect.stringMatching(/^url is refused: /) });
    }
    expect((await ask(list, { taskId })).result).toEqual({ configs: [] });
  });
});

describe('the dead letters over REST', () => {
  async function rest(
    path: string,
    key?: string,
    method = 'GET',
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${gateway.url}/api/v1/push/${path}`, {
      method,
      headers: key === undefined ? {} : { Authorization: `SSWS ${key}` },
    });
    return { status: response.status, body: await response.json() };
  }

  test.each([
    ['GET', 'dead-letters'],
    ['POST', 'dead-letters/1/redeliver'],
  ])('%s %s is for administrators', async (method, path) => {
    const unknown = await rest(path, undefined, method);
    expect(unknown).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    for (const key of [keys.user, keys.manager]) {
      const known = await rest(path, key, method);
      expect(known).toMatchObject({ status: 403, body: { error: { code: 'permission_denied' } } });
    }
  });

  test('are paged; a missing one is not found', async () => {
    expect(await rest('dead-letters?limit=7&offset=2', adminKey)).toEqual({
      status: 200,
      body: { dead_letters: [], total: 0, limit: 7, offset: 2 },
    });
    expect(await rest('dead-letters?limit=0', adminKey)).toMatchObject({ status: 400 });
    for (const id of ['1', '99999999999999999999', 'no%20id', '-1']) {
      const answer = await rest(`dead-letters/${id}/redeliver`, adminKey, 'POST');
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    }
  });
});
