import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { combinations, type Driver } from './connect.ts';
import { saying, taskIn, type NeutralPart, type ProtocolVersion } from './neutral.ts';
import { expected, type Refusal, type RefusalName } from './refusals.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

type Call = (client: Driver, taskId: string) => Promise<unknown>;

const url = 'http://127.0.0.1:9/hook';

/** Operations on a task. */
const onTask: Readonly<Record<string, Call>> = {
  send: async (client, taskId) => await client.send(saying('Hi', { taskId })),
  stream: async (client, taskId) => await Array.fromAsync(client.stream(saying('Hi', { taskId }))),
  get: async (client, taskId) => await client.get(taskId),
  cancel: async (client, taskId) => await client.cancel(taskId),
  subscribe: async (client, taskId) => await Array.fromAsync(client.subscribe(taskId)),
  'create push config': async (client, taskId) => await client.createPush({ taskId, url }),
  'get push config': async (client, taskId) => await client.getPush(taskId, 'mine'),
  'list push configs': async (client, taskId) => await client.listPush(taskId),
  'delete push config': async (client, taskId) => await client.deletePush(taskId, 'mine'),
};

const everyOperation: Readonly<Record<string, Call>> = {
  ...onTask,
  list: async (client) => await client.list?.({}),
  'extended card': async (client) => await client.extendedCard(),
};

/** Without those that the version has no client for. */
function operationsOf(version: ProtocolVersion, calls = everyOperation): [string, Call][] {
  return Object.entries(calls).filter(([name]) => version === '1.0' || name !== 'list');
}

const text: NeutralPart[] = [{ text: 'Hi' }];
const send =
  (more: object): Call =>
  async (client) =>
    await client.send({ parts: text, ...more });
const stream =
  (more: object): Call =>
  async (client) =>
    await Array.fromAsync(client.stream({ parts: text, ...more }));
const list =
  (more: object): Call =>
  async (client) =>
    await client.list?.(more);
const push =
  (url: string): Call =>
  async (client, taskId) =>
    await client.createPush({ taskId, url });

/**
 * What is wrong with what a caller says, about a finished task of its own. What the types of the SDK's clients do not
 * let through is sent as it is in `hostile-input.test.ts`, `http-json-errors.test.ts` and `grpc-limits.test.ts`.
 */
const badInput: readonly [string, Call, RefusalName, ProtocolVersion?][] = [
  ['send: no parts', send({ parts: [] }), 'invalidParams'],
  ['stream: no parts', stream({ parts: [] }), 'invalidParams'],
  ['send: no messageId', send({ messageId: '' }), 'invalidParams'],
  ['stream: no messageId', stream({ messageId: '' }), 'invalidParams'],
  ['send: a long messageId', send({ messageId: 'm'.repeat(257) }), 'invalidParams'],
  ['send: a negative historyLength', send({ historyLength: -1 }), 'invalidParams'],
  ['stream: a negative historyLength', stream({ historyLength: -1 }), 'invalidParams'],
  ['send: a part of no type that it takes', send({ parts: [image()] }), 'contentTypeNotSupported'],
  ['stream: a part of no type that it takes', stream({ parts: [image()] }), 'contentTypeNotSupported'],
  [
    'send: nothing that it says is accepted',
    send({ acceptedOutputModes: ['image/png'] }),
    'contentTypeNotSupported',
  ],
  ['send: a push address that is none', send({ push: { url: 'nowhere' } }), 'invalidParams'],
  ['send: to a finished task', onTask['send'] as Call, 'unsupportedOperation'],
  ['stream: to a finished task', onTask['stream'] as Call, 'unsupportedOperation'],
  [
    'send: to a task in another context',
    async (client, taskId) => await client.send(saying('Hi', { taskId, contextId: randomUUID() })),
    'invalidParams',
  ],
  ['send: in a context with too long a name', send({ contextId: 'c'.repeat(257) }), 'invalidParams'],
  ['get: a negative historyLength', async (client, taskId) => await client.get(taskId, -1), 'invalidParams'],
  ['cancel: a finished task', onTask['cancel'] as Call, 'taskNotCancelable'],
  ['subscribe: to a finished task', onTask['subscribe'] as Call, 'unsupportedOperation'],
  ['create push config: an address that is none', push('nowhere'), 'invalidParams'],
  ['create push config: an address inside', push('http://169.254.169.254/latest'), 'invalidParams'],
  ['create push config: no web address', push('file:///etc/passwd'), 'invalidParams'],
  ['get push config: one that is not there', onTask['get push config'] as Call, 'taskNotFound'],
  ['list: a page of none', list({ pageSize: 0 }), 'invalidParams', '1.0'],
  ['list: a page of less than none', list({ pageSize: -1 }), 'invalidParams', '1.0'],
  ['list: a page of too many', list({ pageSize: 101 }), 'invalidParams', '1.0'],
  ['list: a page token of nobody', list({ pageToken: 'nonsense' }), 'invalidParams', '1.0'],
  ['list: a negative historyLength', list({ historyLength: -1 }), 'invalidParams', '1.0'],
];

function image(): NeutralPart {
  return { raw: 'iVBORw0KGgo=', mediaType: 'image/png' };
}

describe.each(combinations)('A2A $version over $transport', (combination) => {
  const { version, transport } = combination;
  let ann: Driver;
  let taskId: string;
  beforeAll(async () => {
    ann = await world.connect(combination);
    taskId = taskIn(await ann.send(saying('Hi'))).id;
  });

  async function refusalOf(client: Driver, call: Call, id = taskId): Promise<Refusal> {
    return await client.refusal(async () => await call(client, id));
  }

  /** The refusals of all these operations, by their names. */
  async function refusalsOf(
    client: Driver,
    calls: [string, Call][],
    id = taskId,
  ): Promise<[string, Refusal][]> {
    const refusals: [string, Refusal][] = [];
    for (const [name, call] of calls) refusals.push([name, await refusalOf(client, call, id)]);
    return refusals;
  }

  function all(calls: [string, Call][], name: RefusalName): [string, Refusal][] {
    const refusal = expect.objectContaining({ ...expected(name, transport) }) as unknown as Refusal;
    return calls.map(([operation]) => [operation, refusal]);
  }

  test('not found: every operation on a task that nobody has', async () => {
    const calls = operationsOf(version, onTask);
    expect(await refusalsOf(ann, calls, 'no-such-task')).toEqual(all(calls, 'taskNotFound'));
  });

  test("not allowed: every operation on somebody else's task, and on that of another agent, as if it were missing", async () => {
    const bob = await world.connect(combination, { key: world.keys.bob });
    const elsewhere = await world.connect(combination, { agentId: 'another' });
    const administrator = await world.connect(combination, { key: undefined });
    const calls = operationsOf(version, onTask);
    const missing = await refusalsOf(ann, calls, 'no-such-task');
    for (const client of [bob, elsewhere, administrator]) {
      const foreign = await refusalsOf(client, calls);
      expect(JSON.stringify(foreign).replaceAll(taskId, 'no-such-task')).toBe(JSON.stringify(missing));
    }
  });

  test('not allowed: every operation without credentials', async () => {
    const stranger = await world.connect(combination, { key: null });
    const calls = operationsOf(version);
    expect(await refusalsOf(stranger, calls)).toEqual(all(calls, 'unauthenticated'));
  });

  test('not allowed: credentials that nobody has', async () => {
    const stranger = await world.connect(combination, { key: `agw_${'x'.repeat(43)}` });
    expect(await refusalOf(stranger, onTask['get'] as Call)).toMatchObject(
      expected('unauthenticated', transport),
    );
  });

  test.each(['SSWS', 'Bearer', 'Token', 'bearer'])('allowed: a key as %s', async (scheme) => {
    const client = await world.connect(combination, { scheme });
    expect((await client.get(taskId)).id).toBe(taskId);
  });

  test('not allowed: every operation of a user without API access', async () => {
    const barred = await world.connect(combination, { key: world.keys.barred });
    const calls = operationsOf(version);
    expect(await refusalsOf(barred, calls)).toEqual(all(calls, 'permissionDenied'));
  });

  test('not found: every operation of an agent that there is not; one that is hidden looks the same', async () => {
    const nobody = await world.connect(combination, { agentId: 'nobody' });
    const hidden = await world.connect(combination, { agentId: 'assigned' });
    const unknown = await world.connect(combination, { agentId: 'assigned', key: null });
    const calls = operationsOf(version);
    const missing = await refusalsOf(nobody, calls);
    expect(missing).toEqual(all(calls, 'agentNotFound'));
    expect(await refusalsOf(hidden, calls)).toEqual(missing);
    expect(await refusalsOf(unknown, calls)).toEqual(missing);
    const member = await world.connect(combination, { agentId: 'assigned', key: world.keys.member });
    expect(taskIn(await member.send(saying('Hi'))).state).toBe('completed');
  });

  test.each(badInput.filter(([, , , only]) => only === undefined || only === version))(
    'bad input: %s',
    async (_what, call, refusal) => {
      expect(await refusalOf(ann, call)).toMatchObject(expected(refusal, transport));
    },
  );

  test('bad input: every operation with ill-typed properties', async () => {
    const client = await world.connect(combination, { properties: 'max_steps=none' });
    const calls = operationsOf(version);
    expect(await refusalsOf(client, calls)).toEqual(all(calls, 'invalidParams'));
  });

  test('bad input: every operation in a version that nobody speaks', async () => {
    const client = await world.connect(combination, { namedVersion: '2.0' });
    const calls = operationsOf(version);
    expect(await refusalsOf(client, calls)).toEqual(all(calls, 'versionNotSupported'));
  });

  test('not offered: streams, push notifications and the extended card of an agent without them', async () => {
    const minimal = await world.connect(combination, { agentId: 'conformance-minimal' });
    const messageId = `tck-${randomUUID()}`;
    const id = taskIn(await minimal.send(saying('Hi', { messageId }))).id;
    for (const name of ['stream', 'subscribe']) {
      expect(await refusalOf(minimal, onTask[name] as Call, id)).toMatchObject(
        expected('unsupportedOperation', transport),
      );
    }
    const pushes = Object.entries(onTask).filter(([name]) => name.includes('push'));
    expect(await refusalsOf(minimal, pushes, id)).toEqual(all(pushes, 'pushNotSupported'));
    expect(await refusalOf(minimal, send({ push: { url } }))).toMatchObject(
      expected('pushNotSupported', transport),
    );
    const none = version === '1.0' ? 'unsupportedOperation' : 'extendedCardNotConfigured';
    expect(await refusalOf(minimal, everyOperation['extended card'] as Call)).toMatchObject(
      expected(none, transport),
    );
  });

  test('not offered: an agent to callers without the extension that it requires', async () => {
    const agentId = 'conformance-extension';
    const without = await world.connect(combination, { agentId });
    for (const call of [send({}), stream({})]) {
      expect(await refusalOf(without, call)).toMatchObject(expected('extensionRequired', transport));
    }
    const extensions = 'urn:a2a:tck:required-extension';
    const client = await world.connect(combination, { agentId, extensions });
    const answer = await client.send(saying('Hi', { messageId: `tck-complete-task-${randomUUID()}` }));
    expect(taskIn(answer).state).toBe('completed');
  });

  test('whatever was refused has left no task', async () => {
    const lister = await world.connect({ version: '1.0', transport: 'JSONRPC' });
    const before = await lister.list?.({});
    for (const [, call] of badInput.filter(([, , , only]) => only === undefined)) await refusalOf(ann, call);
    expect((await lister.list?.({}))?.totalSize).toBe(before?.totalSize);
  });
});
