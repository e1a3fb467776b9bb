import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, createLocalJWKSet, flattenedVerify, jwtVerify } from 'jose';
import { SigningKeys, type SigningKeysOptions } from '../../src/auth/signing-keys.ts';
import { SecretBox } from '../../src/runs/secret-box.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteSigningKeyStore } from '../../src/stores/sqlite/signing-key-store.ts';

const day = 24 * 3600 * 1000;
const secretBox = new SecretBox(randomBytes(32));
const payload = Buffer.from('{"name":"Order desk"}');

let database: DatabaseSync;
let time: number;
beforeEach(() => {
  database = openDatabase(':memory:');
  time = Date.UTC(2026, 10, 25);
});
afterEach(() => {
  if (database.isOpen) database.close();
});

async function open(options: Partial<SigningKeysOptions> = {}): Promise<SigningKeys> {
  return await SigningKeys.open({
    store: new SqliteSigningKeyStore(database),
    secretBox,
    now: () => time,
    ...options,
  });
}

async function kidsOf(keys: SigningKeys): Promise<string[]> {
  return (await keys.publishedJwks()).keys.map(({ kid }) => kid);
}

/** Verifies a signature over the payload with what is published. */
async function verify(
  keys: SigningKeys,
  signature: { protected: string; signature: string },
): Promise<unknown> {
  const jws = { ...signature, payload: payload.toString('base64url') };
  return await flattenedVerify(jws, createLocalJWKSet(await keys.publishedJwks()));
}

describe('the first start', () => {
  test('makes a key, named after its thumbprint (RFC 7638), and publishes its public half', async () => {
    const keys = await open();
    const { keys: published } = await keys.publishedJwks();
    expect(published).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.stringMatching(/^[\w-]{43}$/),
        y: expect.stringMatching(/^[\w-]{43}$/),
        kid: await calculateJwkThumbprint(published[0] ?? {}),
        alg: 'ES256',
        use: 'sig',
      },
    ]);
    expect((await keys.current()).kid).toBe(published[0]?.kid);
  });

  test('is the only one that makes a key', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const later = await open();
    const kids = await Promise.all([one, two, later].map(async (keys) => (await keys.current()).kid));
    expect(new Set(kids).size).toBe(1);
    expect(await kidsOf(later)).toHaveLength(1);
  });
});

describe('what is signed', () => {
  test('is a flattened JWS with the key named and further members of the header', async () => {
    const keys = await open();
    const signature = await keys.signFlattened(payload, { jku: 'https://agents.example/jwks.json' });
    expect(JSON.parse(Buffer.from(signature.protected, 'base64url').toString())).toEqual({
      alg: 'ES256',
      typ: 'JOSE',
      kid: (await keys.current()).kid,
      jku: 'https://agents.example/jwks.json',
    });
    await verify(keys, signature);
    const tampered = { ...signature, protected: Buffer.from('{"alg":"ES256"}').toString('base64url') };
    await expect(verify(keys, tampered)).rejects.toThrow('signature verification failed');
  });

  test('is a JWT', async () => {
    const keys = await open();
    const jwt = await keys.signJwt({ sub: 'task-1', iat: 1, exp: 2 });
    const { payload: claims, protectedHeader } = await jwtVerify(
      jwt,
      createLocalJWKSet(await keys.publishedJwks()),
      { currentDate: new Date(1000) },
    );
    expect(claims).toEqual({ sub: 'task-1', iat: 1, exp: 2 });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: (await keys.current()).kid });
  });
});

describe('CARD-SIGN-004 a rotation', () => {
  test('makes another key current; the old one verifies for 7 days and not a moment longer', async () => {
    const keys = await open();
    const old = await keys.signFlattened(payload);
    const [oldKid = ''] = await kidsOf(keys);
    const announced: string[] = [];
    keys.onRotate((kid) => announced.push(kid));
    time += day;
    const rotated = await keys.rotate();
    expect(rotated).toEqual({ kid: expect.any(String), alg: 'ES256', status: 'current', createdAt: time });
    expect(announced).toEqual([rotated.kid]);
    expect(await kidsOf(keys)).toEqual([rotated.kid, oldKid]);
    expect(await keys.list()).toEqual([
      rotated,
      {
        kid: oldKid,
        alg: 'ES256',
        status: 'retired',
        createdAt: time - day,
        retiredAt: time,
        publishedUntil: time + 7 * day,
      },
    ]);
    time += 7 * day - 1;
    await verify(keys, old);
    time += 1;
    await expect(verify(keys, old)).rejects.toThrow('no applicable key found');
    expect(await kidsOf(keys)).toEqual([rotated.kid]);
    await verify(keys, await keys.signFlattened(payload));
  });

  test('survives a restart', async () => {
    const before = await open();
    await before.rotate();
    const after = await open();
    expect(await after.publishedJwks()).toEqual(await before.publishedJwks());
    await verify(before, await after.signFlattened(payload));
  });

  test('reaches a second gateway on the same store', async () => {
    const [one, two] = [await open(), await open()];
    const announced: string[] = [];
    two.onRotate((kid) => announced.push(kid));
    const { kid } = await one.rotate();
    await verify(two, await one.signFlattened(payload));
    expect((await two.current()).kid).toBe(kid);
    expect(announced).toEqual([kid]);
  });

  test('happens twice when two ask at once', async () => {
    const [one, two] = [await open(), await open()];
    const rotated = await Promise.all([one.rotate(), two.rotate()]);
    expect(await kidsOf(one)).toHaveLength(3);
    expect(await kidsOf(one)).toEqual(expect.arrayContaining(rotated.map(({ kid }) => kid)));
  });
});

describe('CARD_SIGNING_KEY_FILE', () => {
  let folder: string;
  let keyFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-signing-'));
    keyFile = join(folder, 'key.pem');
    await writeFile(keyFile, pem('P-256'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  function pem(namedCurve: string, type: 'pkcs8' | 'sec1' = 'pkcs8'): string {
    return generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'pem', type }).toString();
  }

  test('is the current key, on every gateway', async () => {
    const [one, two] = [await open({ keyFile }), await open({ keyFile })];
    await verify(two, await one.signFlattened(payload));
    const published = (await one.publishedJwks()).keys;
    expect(published).toHaveLength(1);
    expect(() => createPublicKey({ key: { ...published[0] }, format: 'jwk' })).not.toThrow();
  });

  test('is not rotated here', async () => {
    const keys = await open({ keyFile });
    await expect(keys.rotate()).rejects.toMatchObject({
      reason: 'invalid_request',
      message: expect.stringContaining('CARD_SIGNING_KEY_FILE'),
    });
    expect(await kidsOf(keys)).toHaveLength(1);
  });

  test('with another content, or unset, leaves the previous key published for 7 days', async () => {
    const first = await open({ keyFile });
    const signature = await first.signFlattened(payload);
    await writeFile(keyFile, pem('P-256'));
    const second = await open({ keyFile });
    expect((await second.current()).kid).not.toBe((await first.current()).kid);
    const third = await open();
    expect(await kidsOf(third)).toHaveLength(3);
    await verify(third, signature);
    time += 7 * day;
    await expect(verify(third, signature)).rejects.toThrow('no applicable key found');
    expect(await kidsOf(third)).toEqual([(await third.current()).kid]);
  });

  test.each([
    ['another curve', pem('P-384')],
    ['another form', pem('P-256', 'sec1')],
    ['another kind', generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })],
    [
      'a public key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' }),
    ],
    ['nonsense', '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n'],
  ])('stops the start with %s', async (_what, content) => {
    await writeFile(keyFile, content);
    await expect(open({ keyFile })).rejects.toThrow(/^CARD_SIGNING_KEY_FILE must hold/);
  });
});

test('what another SECRETS_KEY sealed is replaced, and stays published', async () => {
  const before = await open();
  const signature = await before.signFlattened(payload);
  const after = await open({ secretBox: new SecretBox(randomBytes(32)) });
  expect((await after.current()).kid).not.toBe((await before.current()).kid);
  await verify(after, signature);
});

test('signing and verifying go on while the store is away', async () => {
  const keys = await open();
  database.close();
  time += day;
  await verify(keys, await keys.signFlattened(payload));
  await expect(keys.rotate()).rejects.toThrow('store');
});
