import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import {
  answerDoor,
  attack,
  doors,
  expectRefusal,
  refusals,
  rpcDoors,
  type Attack,
  type Body,
  type Door,
  type Refusal,
} from '../support/hostile-requests.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';

const { noRequest, noAgent, invalid, wrongType } = refusals;

let model: ModelServer;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(text('Fine.'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

/** Whatever came in, the next caller is served, and the gateway's own log knows of no failure of its own. */
afterEach(async () => {
  const answer = await call(gateway.url, 'talker', rpc('SendMessage', v1Text('Hi')));
  expect(answer).toMatchObject({ result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } } });
  expect(gateway.logged()).not.toContain('"level":"error"');
});

async function ask(door: Door, body: Body, options?: Attack): ReturnType<typeof attack> {
  return await attack(gateway.url, { door, body }, options);
}

async function refused(door: Door, body: Body, refusal: Refusal, options?: Attack): Promise<void> {
  await expectRefusal(gateway.url, { door, body }, refusal, options);
}

describe.each(doors)('$name: an address', (door) => {
  const ids = [
    'nobody',
    '..%2ftalker',
    '%2e%2e%2ftalker',
    'talker%00',
    '%00',
    'x'.repeat(8_000),
    'talker%2f',
    '__proto__',
  ];
  const more = [
    'constructor',
    'toString',
    'TALKER',
    'talker%20',
    '%F0%9F%A6%84',
    '*',
    ':agentId',
    'talker;v=1',
    "'%20OR%201=1--",
  ];
  test.each([...ids, ...more])('with the agent %p: no such agent', async (agent) => {
    await refused(door, JSON.stringify(door.good), noAgent, { agent });
  });

  test.each([
    ['an ill-typed property', 'properties=temperature=hot'],
    ['a property out of range', 'properties=max_steps=0'],
    ['a property that must be true or false', 'properties=include_probe=yes'],
    ['properties given twice', 'properties=max_steps=2&properties=max_steps=3'],
    ['llmId given twice', 'llmId=openai&llmId=openai'],
    ['a NUL in llmId', 'llmId=openai%00'],
    ['an unknown llmId', 'llmId=gpt-99'],
    ['an llmId with the name of an inherited property', 'llmId=__proto__'],
  ])('with %s', async (name, query) => {
    const refusal =
      name.startsWith('an unknown llmId') || name.startsWith('an llmId')
        ? { ...invalid, rest: 'llm_not_configured' }
        : invalid;
    await refused(door, JSON.stringify(door.good), refusal, { query });
  });

  test('with properties that nobody knows: ignored', async () => {
    const query = 'properties=__proto__=1;constructor=2;colour=red;;=;%25';
    expect((await ask(door, JSON.stringify(door.good), { query })).status).toBeLessThan(300);
  });
});

describe.each(testVersions)('A2A $version: a request', (version) => {
  const door = rpcDoors[testVersions.indexOf(version)] ?? answerDoor;
  const good = (message?: object): { message: object } => version.params([version.text('Hi')], message);
  const send = (params: unknown): object => rpc(version.send, params);
  const partOf = (part: object): object => send(version.params([part]));
  const twoContents = (version: TestVersion): object =>
    version.version === '1.0'
      ? { text: 'a', data: {} }
      : { kind: 'file', file: { bytes: 'AA==', uri: 'https://a.example' } };
  const other = testVersions.find((one) => one !== version);
  const unknownMethod: Refusal = { ...invalid, code: -32601 };
  const noTask: Refusal = { ...invalid, code: -32001 };

  const requests: readonly [string, object, Refusal][] = [
    ['without anything', {}, noRequest],
    ['of JSON-RPC 1.0', { ...send(good()), jsonrpc: '1.0' }, noRequest],
    ['whose id is an object', { ...send(good()), id: { a: 1 } }, noRequest],
    ['whose id is true', { ...send(good()), id: true }, noRequest],
    ['whose method is a number', { ...send(good()), method: 1 }, noRequest],
    ['of an unknown method', rpc('message/shout', good()), unknownMethod],
    ['of a method named constructor', rpc('constructor', good()), unknownMethod],
    ["of the other version's method", rpc(other?.send ?? '', good()), unknownMethod],
    ['without params', send(undefined), invalid],
    ['whose params are a list', send([good()]), invalid],
    ['without a message', send({}), invalid],
    ['without parts', send(good({ parts: undefined })), invalid],
    ['with empty parts', send(good({ parts: [] })), invalid],
    ['with parts that are null', send(good({ parts: [null] })), invalid],
    [
      'with 1,001 parts',
      send(version.params(Array.from({ length: 1_001 }, () => version.text('x')))),
      invalid,
    ],
    ['with a part of nothing', partOf({}), invalid],
    ['with a part of two contents', partOf(twoContents(version)), invalid],
    ['with a text that is a number', partOf({ kind: 'text', text: 1 }), invalid],
    ['without messageId', send(good({ messageId: undefined })), invalid],
    ['with an empty messageId', send(good({ messageId: '' })), invalid],
    ['with a messageId of 10,000 characters', send(good({ messageId: 'x'.repeat(10_000) })), invalid],
    ['without a role', send(good({ role: undefined })), invalid],
    [
      "in the agent's role",
      send(good({ role: version.version === '1.0' ? 'ROLE_AGENT' : 'agent' })),
      invalid,
    ],
    ['with a contextId that is an object', send(good({ contextId: {} })), invalid],
    ['to a task that is unknown', send(good({ taskId: 'nothing' })), noTask],
    ['with a negative historyLength', send({ ...good(), configuration: { historyLength: -1 } }), invalid],
    ['with half a historyLength', rpc(version.get, { id: 'nothing', historyLength: 0.5 }), invalid],
    ['for a negative history of a task', rpc(version.get, { id: 'nothing', historyLength: -1 }), invalid],
    ['for a task without id', rpc(version.get, {}), invalid],
    ['for a task whose id is a number', rpc(version.get, { id: 7 }), invalid],
    ['for an unknown task', rpc(version.get, { id: 'nothing' }), noTask],
    ['for a task named __proto__', rpc(version.get, { id: '__proto__' }), noTask],
    ['to cancel an unknown task', rpc(version.cancel, { id: "' OR 1=1 --" }), noTask],
    ['to subscribe to an unknown task', rpc(version.subscribe, { id: '../../etc/passwd' }), noTask],
  ];

  test.each(requests)('%s', async (_name, request, refusal) => {
    await refused(door, JSON.stringify(request), refusal);
  });

  test.each(['stream', 'send'] as const)(
    'that cannot be decoded is answered in JSON, not as a stream (%s)',
    async (method) => {
      await refused(door, JSON.stringify(rpc(version[method], good({ parts: [] }))), invalid);
    },
  );

  test.each(['2.0', '0.2', '1', 'x'.repeat(5_000), '1.0;0.3', '__proto__'])(
    'of A2A %p: not supported',
    async (value) => {
      const notSupported: Refusal = { ...invalid, code: -32009 };
      await refused(door, JSON.stringify(send(good())), notSupported, { headers: { 'A2A-Version': value } });
    },
  );

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'nonsense'])(
    'of the content type %s',
    async (type) =>
      await refused(door, JSON.stringify(send(good())), wrongType, { headers: { 'Content-Type': type } }),
  );

  test('with an empty body', async () => await refused(door, '', noRequest));

  test('whose query names a version twice', async () => {
    await refused(door, JSON.stringify(send(good())), invalid, { query: 'A2A-Version=1.0&A2A-Version=1.0' });
  });

  test('that asks for 101 extensions', async () => {
    const uris = Array.from({ length: 101 }, (_, index) => `urn:${index}`).join(',');
    await refused(door, JSON.stringify(send(good())), invalid, {
      headers: { [version.extensionsHeader]: uris },
    });
  });

  test.each(['0', '1', '-1-1', '1-', `${'9'.repeat(400)}-1`, '1-1; DROP TABLE runs', '__proto__'])(
    'whose Last-Event-ID is %p: it has none',
    async (cursor) => {
      const answer = await ask(door, JSON.stringify(send(good())), {
        headers: { 'Last-Event-ID': cursor },
      });
      expect(answer.status).toBe(200);
      expect(version.task(answer.body).status.state).toMatch(/completed/i);
    },
  );
});

describe('legacy answer: a request', () => {
  const history = (turns: unknown): string => JSON.stringify({ conversationHistory: turns });

  test.each([
    ['whose conversation is no list', history({ by: 'USER', text: 'x' })],
    ['with a turn of nobody', history([{ by: 'SYSTEM', text: 'x' }])],
    ['with a turn without text', history([{ by: 'USER' }])],
    ['with 201 turns', history(Array.from({ length: 201 }, () => ({ by: 'AI', text: 'x' })))],
    ['whose context values are a list', '{"contextValues":[]}'],
    ['with a context value that nobody declared', '{"contextValues":{"colour":"red"}}'],
    ['with a context value named toString', '{"contextValues":{"toString":"x"}}'],
  ])('%s', async (_name, body) => await refused(answerDoor, body, invalid));

  test.each([
    ['no userText', 'no=thing'],
    ['an empty userText', 'userText=%20'],
    ['userText given twice', 'userText=a&userText=b'],
    ['a NUL in userText', 'userText=a%00b'],
    ['userText as a map', 'userText[a]=b'],
  ])('with %s', async (_name, query) => {
    const door = { ...answerDoor, path: (agentId: string) => `/api/v1/agents/${agentId}/answer` };
    const answer = await ask(door, '{}', { query });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', details: { fields: { userText: expect.any(String) } } } },
    });
  });

  test('with an empty body is a good one', async () => expect((await ask(answerDoor, '')).status).toBe(200));
});

describe('an address that answers nothing', () => {
  const at = (path: string): Door => ({ ...answerDoor, path: () => path });

  test.each([
    ['GET', '/a2a/talker'],
    ['PUT', '/a2a/talker'],
    ['DELETE', '/a2a/talker'],
    ['OPTIONS', '/a2a/talker'],
    ['GET', '/a2a'],
    ['POST', '/a2a/'],
    ['POST', '/a2a/talker/tasks/../../../health'],
    ['GET', '/api/v1/nothing'],
    ['POST', '/api/v1/agents/talker'],
    ['GET', '/api/v1/agents/talker/answer'],
    ['GET', '/.env'],
    ['GET', '/..%2f..%2fetc/passwd'],
    ['GET', '/constructor'],
    ['GET', '/a2a/__proto__/.well-known/agent-card.json'],
    ['GET', '/a2a/..%2ftalker/.well-known/agent-card.json'],
  ])('%s %s', async (method, path) => {
    const answer = await ask(at(path), method === 'POST' || method === 'PUT' ? '{}' : undefined, {
      method,
    });
    expect(answer).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', message: expect.any(String) } },
    });
  });

  test.each([
    ['GET', '/api/v1/agents/%E0%A4%A'],
    ['POST', '/api/v1/agents/%E0%A4%A/answer'],
    ['POST', '/a2a/%E0%A4%A'],
  ])('%s %s: it cannot be decoded', async (method, path) => {
    const answer = await ask(at(path), method === 'POST' ? '{}' : undefined, { method });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
  });

  test('HEAD answers as GET does, without a body', async () => {
    const head = async (path: string): Promise<Response> =>
      await fetch(gateway.url + path, { method: 'HEAD' });
    const [card, missing] = [
      await head('/a2a/talker/.well-known/agent-card.json'),
      await head('/a2a/talker'),
    ];
    expect([card.status, missing.status]).toEqual([200, 404]);
    expect([await card.text(), await missing.text()]).toEqual(['', '']);
    expect(missing.headers.get('x-request-id')).toBeTruthy();
  });

  test('a header of 20 KB is refused before anything reads it', async () => {
    const response = await fetch(gateway.url, { headers: { 'X-Large': 'x'.repeat(20_000) } });
    expect(response.status).toBe(431);
    await response.text();
  });
});
