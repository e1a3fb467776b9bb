import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpJson } from '../../support/http-json.ts';
import { providedValuesUri, testVersions } from '../../support/protocol-versions.ts';
import { call, rpc } from '../../support/rpc.ts';
import { combinations, type Combination, type Driver } from './connect.ts';
import { answerOf, saying, taskIn, wordsOf, type NeutralEvent, type NeutralPart } from './neutral.ts';
import { expected, httpRefusal, type Refusal } from './refusals.ts';
import { openWorld, type World } from './world.ts';

const canary = `canary${randomBytes(12).toString('hex')}`;
let world: World;
/** All that callers got to see. */
const seen: unknown[] = [];
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const vault = { agentId: 'vault', extensions: providedValuesUri };

/** Brings a token to a task that waits for it. */
interface Bringer {
  send(taskId: string, token: unknown): Promise<void>;
  refusal(taskId: string, token: unknown): Promise<Refusal>;
}

function parts(token: unknown): NeutralPart[] {
  const data = { data: { shop_token: token }, metadata: { [providedValuesUri]: true } };
  return [{ text: 'Order, and here it is.' }, data];
}

function bringer(client: Driver): Bringer {
  const send = async (taskId: string, token: unknown): Promise<void> => {
    seen.push(await client.send({ parts: parts(token), taskId }));
  };
  return {
    send,
    refusal: async (taskId, token) => await client.refusal(async () => await send(taskId, token)),
  };
}

/** As the proto of later v0.3 has it: the SDK's client leaves the metadata of parts out. */
function rawBringer(): Bringer {
  const post = async (taskId: string, token: unknown): Promise<Response> => {
    const content = parts(token).map((part) =>
      'data' in part ? { ...part, data: { data: part.data } } : part,
    );
    const message = { messageId: randomUUID(), role: 'ROLE_USER', taskId, content };
    const response = await httpJson(world.gateway.url, 'vault/v1/message:send', {
      body: { message, configuration: { blocking: true } },
      authorization: `SSWS ${world.keys.ann}`,
      headers: { 'X-A2A-Extensions': providedValuesUri },
    });
    seen.push(await response.clone().text());
    return response;
  };
  return {
    send: async (taskId, token) => expect((await post(taskId, token)).status).toBe(201),
    refusal: async (taskId, token) =>
      (await httpRefusal(await post(taskId, token), 'HTTP+JSON')) ?? { reason: '', code: 0, message: '' },
  };
}

/** gRPC of v0.3 has no metadata of parts at all: there the token comes over v1.0. */
async function bringerFor({ version, transport }: Combination): Promise<Bringer> {
  if (version === '0.3' && transport === 'HTTP+JSON') return rawBringer();
  const wayIn = transport === 'GRPC' ? '1.0' : version;
  return bringer(await world.connect({ version: wayIn, transport }, vault));
}

describe.each(combinations)('A2A $version over $transport: a task that needs a token', (combination) => {
  let client: Driver;
  let bringing: Bringer;
  beforeAll(async () => {
    client = await world.connect(combination, vault);
    bringing = await bringerFor(combination);
  });

  async function waiting(): Promise<string> {
    const task = taskIn(await client.send(saying('Order')));
    expect(task.state).toBe('auth-required');
    return task.id;
  }

  test('AUTH-INTASK-001 AUTH-INTASK-002 AUTH-INTASK-003 waits, and says what it needs and how to bring it', async () => {
    const task = taskIn(await client.send(saying('Order')));
    expect(task).toMatchObject({ state: 'auth-required', artifacts: [] });
    expect(task.said).toHaveLength(2);
    expect(task.said[0]).toEqual({ text: expect.stringContaining('The token of your shop account') });
    expect(task.said[1]).toMatchObject({
      data: {
        extension: providedValuesUri,
        required: ['shop_token'],
        schema: { properties: { shop_token: { type: 'string', writeOnly: true } } },
      },
    });
    const events = await Array.fromAsync(client.stream(saying('Order')));
    expect(wordsOf(events)).toEqual(['task', 'auth-required']);
  });

  test('AUTH-INTASK-004 AUTH-INTASK-006 goes on when it comes: the tool has it, and nobody else', async () => {
    const id = await waiting();
    const before = world.shop.requests.length;
    await bringing.send(id, canary);
    const task = await client.get(id);
    seen.push(task);
    expect(task.state).toBe('completed');
    expect(answerOf(task)).toBe('The order is sent.');
    const [asked, ...more] = world.shop.requests.slice(before);
    expect(asked?.headers.authorization).toBe(`Bearer ${canary}`);
    expect(more).toEqual([]);
  });

  test('AUTH-INTASK-006 takes a message without it, and still waits', async () => {
    const id = await waiting();
    const still = taskIn(await client.send(saying('Order, please', { taskId: id })));
    expect(still).toMatchObject({ id, state: 'auth-required' });
    expect(still.said).toHaveLength(2);
  });

  test.each(['1.0', '0.3'] as const)('takes it alone, without a word (over $version)', async (version) => {
    const id = await waiting();
    const other = await world.connect({ version, transport: 'JSONRPC' }, vault);
    const task = taskIn(await other.send({ parts: parts(canary).slice(1), taskId: id }));
    seen.push(task);
    expect(task.state).toBe('completed');
  });

  test('refuses one of the wrong type, and still waits', async () => {
    const id = await waiting();
    const refusal = await bringing.refusal(id, [canary]);
    expect(refusal.reason).toBe('INVALID_PARAMS');
    expect(refusal.message).toContain('shop_token');
    expect(refusal.message).not.toContain(canary);
    const task = await client.get(id);
    expect(task.state).toBe('auth-required');
    expect(task.history.filter(({ role }) => role === 'user')).toHaveLength(1);
    await bringing.send(id, canary);
    expect((await client.get(id)).state).toBe('completed');
  });

  test('is canceled while it waits, and takes nothing more', async () => {
    const id = await waiting();
    expect((await client.cancel(id)).state).toBe('canceled');
    const late = await client.refusal(async () => await client.send(saying('Order', { taskId: id })));
    expect(late).toMatchObject(expected('unsupportedOperation', combination.transport));
  });

  test('AUTH-INTASK-005 keeps the stream of a subscriber open, who sees how it goes on', async () => {
    const id = await waiting();
    const events: NeutralEvent[] = [];
    const subscription = client.subscribe(id);
    const first = (await subscription.next()).value;
    expect(first).toMatchObject({ task: { id, state: 'auth-required' } });
    await bringing.send(id, canary);
    for await (const event of subscription) events.push(event);
    seen.push(events);
    const words = wordsOf(events);
    expect(words).toContain('working');
    expect(words).toContain('answer');
    expect(words.indexOf('completed')).toBe(words.length - 1);
  });

  test('is for nobody else to go on with', async () => {
    const id = await waiting();
    const bob = await world.connect(combination, { ...vault, key: world.keys.bob });
    const refusal = await bob.refusal(async () => await bob.send({ parts: parts('theft'), taskId: id }));
    expect(refusal).toMatchObject(expected('taskNotFound', combination.transport));
    expect((await client.get(id)).state).toBe('auth-required');
  });
});

describe.each(['1.0', '0.3'] as const)('A2A %s: a task that needs a token', (version) => {
  const wayIn: Combination = { version, transport: 'JSONRPC' };

  test('still waits when it comes without the extension, and nobody is shown it', async () => {
    const client = await world.connect(wayIn, { agentId: 'vault' });
    const { id: taskId } = taskIn(await client.send(saying('Order')));
    const still = taskIn(await client.send({ parts: parts(canary), taskId }));
    seen.push(still);
    expect(still.state).toBe('auth-required');
  });

  test('goes on once, however often that is sent at once', async () => {
    const client = await world.connect(wayIn, vault);
    const { id: taskId } = taskIn(await client.send(saying('Order')));
    const before = world.shop.requests.length;
    const sending = { parts: parts(canary), taskId, messageId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await client.send(sending)));
    const again = await client.send(sending);
    seen.push(answers, again);
    for (const answer of [...answers, again]) expect(taskIn(answer).state).toBe('completed');
    expect(world.shop.requests.length - before).toBe(1);
    expect((await client.get(taskId)).history.filter(({ role }) => role === 'user')).toHaveLength(2);
  });

  test('goes on with one of several messages that come at once; the others are told so', async () => {
    const client = await world.connect(wayIn, vault);
    const { id: taskId } = taskIn(await client.send(saying('Order')));
    const before = world.shop.requests.length;
    const sendings = Array.from({ length: 4 }, () => ({
      parts: parts(canary),
      taskId,
      messageId: randomUUID(),
    }));
    const results = await Promise.allSettled(sendings.map(async (sending) => await client.send(sending)));
    const answers = results.flatMap((result) =>
      result.status === 'fulfilled' ? [taskIn(result.value)] : [],
    );
    expect(answers).toEqual([expect.objectContaining({ state: 'completed' })]);
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Error] : [],
    );
    expect(reasons.map(({ name }) => name)).toEqual(Array(3).fill('UnsupportedOperationError'));
    expect(world.shop.requests.length - before).toBe(1);
  });
});

test.each(testVersions)(
  'AUTH-INTASK-003 the data part is marked as AUTH_REQUIRED ($version)',
  async (version) => {
    const request = rpc(version.send, version.params([version.text('Order')]));
    const answer = await call(world.gateway.url, 'vault', request, {
      authorization: `SSWS ${world.keys.ann}`,
      headers: { 'A2A-Version': version.version },
    });
    expect(version.task(answer).status).toMatchObject({
      message: {
        parts: [
          version.text(expect.stringContaining('shop_token') as unknown as string),
          { metadata: { type: 'AUTH_REQUIRED' } },
        ],
      },
    });
  },
);

test('what was brought is in nothing that a caller sees, in no log line and in no byte of the store', async () => {
  const all = JSON.stringify(seen);
  expect(all).toContain('The order ');
  expect(hits(all, '[redacted]')).toBeGreaterThan(0);
  expect(hits(all, canary)).toBe(0);
  expect(world.gateway.logged()).toContain('vault');
  expect(hits(world.gateway.logged(), canary)).toBe(0);
  const names = await readdir(world.dataDir);
  const files = await Promise.all(
    names.map(async (name) => await readFile(join(world.dataDir, name), 'latin1')),
  );
  expect(hits(files.join('\n'), 'sealedSecrets')).toBeGreaterThan(0);
  expect(hits(files.join('\n'), canary)).toBe(0);
});

/** Counted, because a failure that printed all of it would help nobody. */
function hits(text: string, wanted: string): number {
  return text.split(wanted).length - 1;
}
