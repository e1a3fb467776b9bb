import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { call, rpc, v1Text, type RpcAnswer } from '../support/rpc.ts';

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

interface Door {
  name: string;
  path: (agentId: string) => string;
  headers: Record<string, string>;
  /** A good body. */
  good: object;
}

const rpcDoors: readonly Door[] = testVersions.map((version) => ({
  name: `A2A ${version.version}`,
  path: (agentId) => `/a2a/${agentId}`,
  headers: { 'A2A-Version': version.version },
  good: rpc(version.send, version.params([version.text('Hi')])),
}));
const answerDoor: Door = {
  name: 'legacy answer',
  path: (agentId) => `/api/v1/agents/${agentId}/answer?userText=Hi`,
  headers: {},
  good: { conversationHistory: [], contextValues: {} },
};
const doors: readonly Door[] = [...rpcDoors, answerDoor];

type Body = string | Uint8Array | ReadableStream<Uint8Array> | undefined;

interface Attack {
  agent?: string;
  headers?: Record<string, string>;
  /** Added to the address. */
  query?: string;
  method?: string;
}

/** Sends it and checks what holds for every answer, whatever it says. */
async function attack(
  door: Door,
  body: Body,
  { agent = 'talker', headers, query = '', method = 'POST' }: Attack = {},
) {
  const path = door.path(agent);
  const startedAt = performance.now();
  const response = await fetch(gateway.url + path + (query && (path.includes('?') ? '&' : '?') + query), {
    method,
    headers: {
      Authorization: `SSWS ${adminKey}`,
      'Content-Type': 'application/json',
      ...door.headers,
      ...headers,
    },
    ...(body !== undefined && { body, duplex: 'half' }),
  });
  const words = await response.text();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{1,64}$/);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(words).not.toMatch(/stack|\n\s*at |node:|node_modules|\/src\/|\.ts:\d/);
  expect(words.length).toBeLessThan(2_000);
  return { status: response.status, body: JSON.parse(words) as RpcAnswer & { error?: { code: unknown } } };
}

interface Refusal {
  /** HTTP status of the JSON-RPC doors where it is not 200. */
  rpcStatus?: number;
  /** JSON-RPC error code. */
  code: number;
  status: number;
  /** `error.code` of the REST shape. */
  rest: string;
}

async function refused(door: Door, body: Body, refusal: Refusal, options?: Attack): Promise<void> {
  const answer = await attack(door, body, options);
  if (door === answerDoor) {
    expect(answer.status).toBe(refusal.status);
    expect(answer.body).toEqual({
      error: { code: refusal.rest, message: expect.any(String), details: expect.any(Object) },
    });
    return;
  }
  expect(answer.status).toBe(refusal.rpcStatus ?? 200);
  const info = expect.objectContaining({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    domain: 'a2a-protocol.org',
  });
  expect(answer.body).toMatchObject({
    jsonrpc: '2.0',
    error: { code: refusal.code, message: expect.any(String) },
  });
  expect(answer.body.error?.data).toEqual(expect.arrayContaining([info]));
}

const malformed: Refusal = { code: -32700, status: 400, rest: 'invalid_request' };
const noRequest: Refusal = { code: -32600, status: 400, rest: 'invalid_request' };
const tooLarge: Refusal = { rpcStatus: 413, code: -32000, status: 413, rest: 'payload_too_large' };
const noAgent: Refusal = { rpcStatus: 404, code: -32000, status: 404, rest: 'not_found' };
const invalid: Refusal = { code: -32602, status: 400, rest: 'invalid_request' };
const wrongType: Refusal = { code: -32005, status: 415, rest: 'invalid_request' };

const fiveMegabytes = `{"text":"${'x'.repeat(5 * 1024 * 1024)}"}`;

function inChunks(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

/** The door's good body with a member put into the middle of it. */
function withMember(door: Door, member: string): string {
  const good = JSON.stringify(door.good);
  const place = door === answerDoor ? '"contextValues":{' : '"message":{';
  const comma = door === answerDoor ? '' : ',';
  return good.replace(place, `${place}${member}${comma}`);
}

describe.each(doors)('$name: a body', (door) => {
  const bodies: readonly [string, (door: Door) => Body, Refusal][] = [
    ['cut off', (door) => JSON.stringify(door.good).slice(0, -2), malformed],
    ['with something after it', (door) => `${JSON.stringify(door.good)}}`, malformed],
    ['of spaces', () => '   ', malformed],
    ['with an unquoted key', () => '{jsonrpc:"2.0"}', malformed],
    ['of NUL bytes', () => '\0\0\0\0', malformed],
    ['with a raw NUL in a text', (door) => withMember(door, '"a":"\0"'), malformed],
    ['that is no UTF-8', () => Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d), malformed],
    ['with a surrogate in its bytes', () => Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), malformed],
    ['of 5 MB', () => fiveMegabytes, tooLarge],
    ['of 5 MB in chunks', () => inChunks(fiveMegabytes), tooLarge],
    ['of 200,000 arrays', () => '['.repeat(200_000) + ']'.repeat(200_000), noRequest],
    ['of 200,000 objects', () => '{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000), noRequest],
    ['of 200,000 brackets that never close', () => '['.repeat(200_000), noRequest],
    ['with __proto__', (door) => withMember(door, '"__proto__":{"admin":true}'), noRequest],
    [
      'with __proto__ in escapes',
      (door) => withMember(door, String.raw`"\u005f\u005fproto\u005F_":{"a":1}`),
      noRequest,
    ],
    [
      'with constructor.prototype',
      (door) => withMember(door, '"constructor":{"prototype":{"a":1}}'),
      noRequest,
    ],
    [
      'with constructor.prototype in escapes',
      (door) => withMember(door, String.raw`"\u0063onstructor":{"prot\u006ftype":{"a":1}}`),
      noRequest,
    ],
    ['with an escaped NUL', (door) => withMember(door, String.raw`"a":"x\u0000y"`), noRequest],
    ['with a lone surrogate', (door) => withMember(door, String.raw`"a":"x\ud800y"`), noRequest],
    ['with a lone surrogate as a key', (door) => withMember(door, String.raw`"\udc00":1`), noRequest],
    ['that is a batch', (door) => JSON.stringify([door.good, door.good]), noRequest],
    ['that is an empty batch', () => '[]', noRequest],
    ['that is a number', () => '1', noRequest],
    ['that is a text', () => '"SendMessage"', noRequest],
  ];

  test.each(bodies)('%s', async (_name, make, refusal) => {
    await refused(door, make(door), refusal);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  test('that is compressed', async () => {
    await refused(door, JSON.stringify(door.good), wrongType, { headers: { 'Content-Encoding': 'gzip' } });
  });
});

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
    const query = 'properties=__proto__=1;constructor=2;colour=red;;=;%25%00';
    expect((await attack(door, JSON.stringify(door.good), { query })).status).toBe(200);
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

  test('that asks for 101 extensions', async () => {
    const uris = Array.from({ length: 101 }, (_, index) => `urn:${index}`).join(',');
    await refused(door, JSON.stringify(send(good())), invalid, {
      headers: { [version.extensionsHeader]: uris },
    });
  });

  test.each(['0', '1', '-1-1', '1-', `${'9'.repeat(400)}-1`, '1-1; DROP TABLE runs', '__proto__'])(
    'whose Last-Event-ID is %p: it has none',
    async (cursor) => {
      const answer = await attack(door, JSON.stringify(send(good())), {
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
    const answer = await attack(door, '{}', { query });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', details: { fields: { userText: expect.any(String) } } } },
    });
  });

  test('with an empty body is a good one', async () =>
    expect((await attack(answerDoor, '')).status).toBe(200));
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
  ])('%s %s', async (method, path) => {
    const answer = await attack(at(path), method === 'POST' || method === 'PUT' ? '{}' : undefined, {
      method,
    });
    expect(answer).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', message: expect.any(String) } },
    });
  });

  test.each(['/api/v1/agents/%E0%A4%A', '/%'])('GET %s: not decodable', async (path) => {
    const answer = await attack(at(path), undefined, { method: 'GET' });
    expect([400, 404]).toContain(answer.status);
    expect(answer.body.error).toMatchObject({ code: expect.stringMatching(/invalid_request|not_found/) });
  });

  test('POST /a2a/%E0%A4%A: a JSON-RPC answer, as at every agent that is not there', async () => {
    await refused(rpcDoors[0] ?? answerDoor, JSON.stringify(rpcDoors[0]?.good), noAgent, {
      agent: '%E0%A4%A',
    });
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
