import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, type Gate } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { call, post, rpc, v1Text, type RpcAnswer } from '../support/rpc.ts';
import { storeKeys } from '../support/stored-keys.ts';

let model: ModelServer;
let held: Gate;
let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'bob' | 'boss', string>;

const files = {
  'talker.yaml': agentFile('talker'),
  'other.yaml': agentFile('other'),
  'open.yaml': agentFile('open', { access: 'public' }),
};

beforeAll(async () => {
  held = gate();
  model = await startModelServer((request) =>
    request.body.messages.at(-1)?.content === 'Wait.' ? text(held, 'late') : text('done'),
  );
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-isolation-'));
  keys = await storeKeys(dataDir, { ann: {}, bob: {}, boss: { user: { role: 'manager' } } });
  gateway = await startGateway({ files, env: modelEnv(model.baseUrl), dataDir });
});

afterAll(async () => {
  held.open();
  await gateway.stop();
  await model.close();
  await rm(dataDir, { recursive: true });
});

interface Question {
  key?: string;
  agent?: string;
  method: string;
  params: object;
}

/** Status and body, the task's id cut out of it. */
async function ask(
  version: TestVersion,
  { key = keys.ann, agent = 'talker', method, params }: Question,
  id = '',
): Promise<unknown> {
  const response = await post(gateway.url, agent, rpc(method, params), {
    authorization: `SSWS ${key}`,
    headers: { 'A2A-Version': version.version },
  });
  const body = await response.text();
  const headers = [...response.headers.keys()].toSorted();
  return {
    status: response.status,
    headers,
    body: JSON.parse(id ? body.replaceAll(id, 'ID') : body) as RpcAnswer,
  };
}

async function annsTask(version: TestVersion, words: string): Promise<{ id: string; contextId: string }> {
  const immediately = version.version === '1.0' ? { returnImmediately: true } : { blocking: false };
  const params = {
    ...version.params([version.text(words)]),
    configuration: words === 'Wait.' ? immediately : undefined,
  };
  const { body } = (await ask(version, { method: version.send, params })) as { body: RpcAnswer };
  return version.task(body);
}

describe.each(testVersions)('A2A $version', (version) => {
  test.each(['Wait.', 'Hi.'])("somebody else's task (%s) looks exactly like a missing one", async (words) => {
    const { id } = await annsTask(version, words);
    const missing = randomUUID();
    for (const method of [version.get, version.cancel, version.subscribe]) {
      const nothing = await ask(version, { method, params: { id: missing } }, missing);
      expect(nothing).toMatchObject({ status: 200, body: { error: { code: -32001 } } });
      for (const key of [keys.bob, keys.boss, adminKey]) {
        expect(await ask(version, { key, method, params: { id } }, id)).toEqual(nothing);
      }
      expect(await ask(version, { agent: 'other', method, params: { id } }, id)).toEqual(nothing);
    }
    const send = (taskId: string): Question => ({
      key: keys.bob,
      method: version.send,
      params: version.params([version.text('Hi.')], { taskId }),
    });
    expect(await ask(version, send(id), id)).toEqual(await ask(version, send(missing), missing));
    // It was not canceled by any of them either.
    const mine = (await ask(version, { method: version.get, params: { id } })) as { body: RpcAnswer };
    expect(mine.body.result).toMatchObject({
      id,
      status: { state: expect.stringMatching(/submitted|working|completed/i) },
    });
  });

  test("somebody else's context is a new conversation, and no list shows what is not one's own", async () => {
    const { contextId } = await annsTask(version, 'My secret is 4711.');
    const from = model.requests.length;
    const params = version.params([version.text('What is my secret?')], { contextId });
    const { body } = (await ask(version, { key: keys.bob, method: version.send, params })) as {
      body: RpcAnswer;
    };
    expect(version.task(body).contextId).toBe(contextId);
    expect(model.requests[from]?.body.messages.map(({ role }) => role)).toEqual(['system', 'user']);
    const listed = await call<{ tasks: { id: string }[] }>(
      gateway.url,
      'talker',
      rpc('ListTasks', { contextId }),
      {
        authorization: `SSWS ${keys.bob}`,
      },
    );
    expect(listed.result?.tasks.map(({ id }) => id)).toEqual([version.task(body).id]);
  });
});

test('a task of the legacy answer is no task of A2A', async () => {
  const response = await fetch(`${gateway.url}/api/v1/agents/talker/answer?userText=Hi`, {
    method: 'POST',
    headers: { Authorization: `SSWS ${keys.boss}` },
  });
  const { probe } = (await response.json()) as { probe: { runId: string } };
  const got = await call(gateway.url, 'talker', rpc('GetTask', { id: probe.runId }), {
    authorization: `SSWS ${keys.boss}`,
  });
  expect(got.error?.code).toBe(-32001);
});

test('with AUTH_ANONYMOUS callers without credentials may invoke and list', async () => {
  const env = { ...modelEnv(model.baseUrl), AUTH_ANONYMOUS: 'true' };
  const lenient = await startGateway({ files, env });
  try {
    const options = { authorization: null };
    const sent = await call<{ task: { id: string } }>(
      lenient.url,
      'talker',
      rpc('SendMessage', v1Text('Hi')),
      options,
    );
    const listed = await call<{ tasks: { id: string }[] }>(
      lenient.url,
      'talker',
      rpc('ListTasks', {}),
      options,
    );
    expect(listed.result?.tasks.map(({ id }) => id)).toEqual([sent.result?.task.id]);
    expect((await fetch(`${lenient.url}/api/v1/agents`)).status).toBe(200);
    const wrong = await post(lenient.url, 'talker', rpc('ListTasks', {}), { authorization: 'SSWS wrong' });
    expect(wrong.status).toBe(401);
  } finally {
    await lenient.stop();
  }
});
