import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import {
  answerDoor,
  doors,
  expectRefusal,
  refusals,
  type Attack,
  type Body,
  type Door,
  type Refusal,
} from '../support/hostile-requests.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, rpc, v1Text } from '../support/rpc.ts';

const { malformed, noRequest, tooLarge, wrongType } = refusals;

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

async function refused(door: Door, body: Body, refusal: Refusal, options?: Attack): Promise<void> {
  await expectRefusal(gateway.url, { door, body }, refusal, options);
}

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
