import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecretBox } from '../../src/runs/secret-box.ts';
import { adminKey, agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { storeKeys } from '../support/stored-keys.ts';

const secretsKey = randomBytes(32).toString('base64');

let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'manager', string>;

async function start(): Promise<TestGateway> {
  return await startGateway({
    files: { 'alpha.yaml': agentFile('alpha') },
    env: { SECRETS_KEY: secretsKey },
    dataDir,
  });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-signing-'));
  keys = await storeKeys(dataDir, { ann: {}, manager: { user: { role: 'manager' } } });
  gateway = await start();
});

afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

async function ask(path: string, key: string | null, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== null) headers.set('Authorization', `SSWS ${key}`);
  return await fetch(`${gateway.url}${path}`, { ...init, headers });
}

interface KeySet {
  keys: { kid: string }[];
}

async function keySet(): Promise<KeySet> {
  return (await (await ask('/.well-known/jwks.json', null)).json()) as KeySet;
}

describe('GET /.well-known/jwks.json', () => {
  test('is public keys only, for everybody and for caches', async () => {
    const response = await ask('/.well-known/jwks.json', null);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/jwk-set+json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    const { keys: published } = (await response.json()) as KeySet;
    expect(published.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
  });

  test('is 304 for who has it', async () => {
    const etag = (await ask('/.well-known/jwks.json', null)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const again = await ask('/.well-known/jwks.json', null, { headers: { 'If-None-Match': etag } });
    expect(again.status).toBe(304);
    const head = await ask('/.well-known/jwks.json', null, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  });
});

describe('/api/v1/signing-keys', () => {
  test.each([
    ['GET', '/api/v1/signing-keys'],
    ['POST', '/api/v1/signing-keys/rotate'],
  ])('%s %s is for administrators', async (method, path) => {
    const before = await keySet();
    expect((await ask(path, null, { method })).status).toBe(401);
    expect((await ask(path, keys.ann, { method })).status).toBe(403);
    expect((await ask(path, keys.manager, { method })).status).toBe(403);
    expect(await keySet()).toEqual(before);
  });

  test('lists, and rotates: the old key stays published', async () => {
    const [first] = (await keySet()).keys;
    const rotated = await ask('/api/v1/signing-keys/rotate', adminKey, { method: 'POST' });
    expect(rotated.status).toBe(201);
    const key = (await rotated.json()) as Record<string, unknown>;
    expect(key).toEqual({
      kid: expect.any(String),
      alg: 'ES256',
      status: 'current',
      created_at: expect.stringMatching(/Z$/),
      retired_at: null,
      published_until: null,
    });
    const { keys: rows } = (await (await ask('/api/v1/signing-keys', adminKey)).json()) as {
      keys: Record<string, string>[];
    };
    const [current, retired = {}] = rows;
    expect(current).toEqual(key);
    expect(retired).toMatchObject({ kid: first?.kid, status: 'retired', alg: 'ES256' });
    const overlap = Date.parse(retired['published_until'] ?? '') - Date.parse(retired['retired_at'] ?? '');
    expect(overlap).toBe(7 * 24 * 3600 * 1000);
    expect((await keySet()).keys.map(({ kid }) => kid)).toEqual([key['kid'], first?.kid]);
  });
});

test('the private key is nowhere in clear: not in the store, the logs or an answer', async () => {
  const listed = await (await ask('/api/v1/signing-keys', adminKey)).text();
  await gateway.stop();
  const database = new DatabaseSync(join(dataDir, 'a2a-gateway.db'));
  const row = database.prepare('SELECT sealed_private_key FROM signing_keys WHERE retired_at IS NULL').get();
  database.close();
  const box = new SecretBox(Buffer.from(secretsKey, 'base64'));
  const pkcs8 = Buffer.from(
    box.open(row?.['sealed_private_key'] as string)['privateKey'] as string,
    'base64',
  );
  // RFC 5958 around RFC 5915: the private scalar is the octet string of 32 bytes after this marker.
  const scalar = pkcs8.subarray(pkcs8.indexOf('0201010420', 0, 'hex') + 5).subarray(0, 32);
  const forms = (['hex', 'base64', 'base64url'] as const).map((encoding) => scalar.toString(encoding));
  for (const name of await readdir(dataDir)) {
    const content = await readFile(join(dataDir, name));
    expect(content.includes(scalar)).toBe(false);
    for (const form of forms) expect(content.includes(form)).toBe(false);
    expect(content.includes(pkcs8.toString('base64'))).toBe(false);
  }
  for (const text of [listed, gateway.logged()]) {
    for (const form of [...forms, pkcs8.toString('base64'), 'BEGIN PRIVATE'])
      expect(text).not.toContain(form);
  }
  gateway = await start();
});
