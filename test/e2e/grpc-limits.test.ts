import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendMessageRequest } from '@a2a-js/sdk';
import { LegacyA2AService as v03 } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import { A2AService as v1 } from '@a2a-js/sdk/server/grpc';
import { credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectGrpcV1, GrpcCaller } from '../support/grpc-clients.ts';
import { v1Text } from '../support/rpc.ts';
import { cardUrl } from '../support/sdk-clients.ts';
import { fixtureCertificate, fixtureKey } from '../support/tls-fixture.ts';

let gateway: TestGateway;
let caller: GrpcCaller;

beforeAll(async () => {
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { GRPC_PORT: '0', MAX_BODY_BYTES: '65536' },
  });
  caller = new GrpcCaller(gateway.grpcAddress ?? '');
});

afterAll(async () => {
  caller.close();
  await gateway.stop();
});

function saying(text: string, metadata?: object): Buffer {
  const request = SendMessageRequest.fromJSON(v1Text(text, { metadata }));
  return v1.sendMessage.requestSerialize(request);
}

/** Metadata whose one key is not `placeholder_` any more: no encoder would write it. */
function withKey(key: string, value: unknown): Buffer {
  const placeholder = 'k'.repeat(key.length);
  const message = saying('Hi', { [placeholder]: value });
  message.write(key, message.indexOf(placeholder));
  return message;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** A list in a list in a list …, made from the inside without recursion. */
function bottomless(levels: number): Buffer {
  const heads: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < levels; level += 1) {
    // ListValue.values (1), then Value.list_value (6), each around what is inside.
    for (const tag of [0x0a, 0x32]) {
      const head = Buffer.concat([Buffer.from([tag]), varint(length)]);
      heads.push(head);
      length += head.length;
    }
  }
  return Buffer.concat(heads.toReversed());
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

describe('a hostile message', () => {
  const invalid: readonly [name: string, message: Buffer][] = [
    ['no protobuf', Buffer.from('not a message at all')],
    ['cut off', saying('Hi').subarray(0, -3)],
    ['65 levels deep', saying('Hi', { deep: nested(65) })],
    ['with NUL', saying('a\0b')],
    ['with the key __proto__', withKey('__proto__', { polluted: true })],
    ['with constructor.prototype', saying('Hi', { constructor: { prototype: { polluted: true } } })],
  ];

  test.each(invalid)('%s is refused as bad input', async (_, message) => {
    const { error } = await caller.bytes(v1.sendMessage, message);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.details).not.toMatch(/ at |RangeError|node_modules/);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('that is too large is refused, and the connection lives on', async () => {
    const { error } = await caller.bytes(v1.sendMessage, saying('x'.repeat(70_000)));
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    const next = await caller.bytes(v1.sendMessage, saying('Hi'));
    expect(next.response?.payload?.$case).toBe('task');
  });

  test('nobody reads it before it is known who sends it', async () => {
    const { error } = await caller.bytes(v1.sendMessage, Buffer.from('?'), { authorization: 'SSWS wrong' });
    expect(error?.code).toBe(status.UNAUTHENTICATED);
  });

  test('a method that the version lacks is not there', async () => {
    const { error } = await caller.bytes(
      { ...v03.getTask, path: '/a2a.v1.A2AService/ListTasks' },
      Buffer.alloc(0),
    );
    expect(error?.code).toBe(status.UNIMPLEMENTED);
  });
});

test('nesting without end is refused before the stack is', async () => {
  const roomy = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { GRPC_PORT: '0' },
  });
  const to = new GrpcCaller(roomy.grpcAddress ?? '');
  const value = bottomless(100_000);
  // SendMessageRequest.metadata (4) → Struct.fields (1) with key (1) "a" and value (2).
  const entry = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12]), varint(value.length), value]);
  const struct = Buffer.concat([Buffer.from([0x0a]), varint(entry.length), entry]);
  const message = Buffer.concat([saying('Hi'), Buffer.from([0x22]), varint(struct.length), struct]);
  const { error } = await to.bytes(v1.sendMessage, message);
  expect(error?.code).toBe(status.INVALID_ARGUMENT);
  to.close();
  await roomy.stop();
});

test('over TLS, and only so, where a certificate is given', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'grpc-tls-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, fixtureCertificate);
  await writeFile(keyFile, fixtureKey);
  const secure = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: {
      PUBLIC_URL: 'https://localhost/agents',
      GRPC_PORT: '0',
      GRPC_TLS_CERT_FILE: certFile,
      GRPC_TLS_KEY_FILE: keyFile,
    },
  });
  const trusting = { credentials: credentials.createSsl(Buffer.from(fixtureCertificate)) };
  const client = await connectGrpcV1(cardUrl(secure, 'talker'), trusting);
  const result = await client.sendMessage(SendMessageRequest.fromJSON(v1Text('Hi')));
  expect('status' in result && result.id).toBeTruthy();
  const plain = new GrpcCaller(secure.grpcAddress ?? '');
  const { error } = await plain.bytes(v1.sendMessage, saying('Hi'));
  expect(error?.code).toBe(status.UNAVAILABLE);
  plain.close();
  await secure.stop();
  await rm(folder, { recursive: true });
});
