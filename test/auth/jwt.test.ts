import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, exportJWK, exportPKCS8, exportSPKI, generateKeyPair } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import type { JwtConfig } from '../../src/config.ts';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import type { JwtVerifier } from '../../src/auth/jwt.ts';
import { startServer } from './jwks-server.ts';
import type { LocalServer } from './jwks-server.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'gateway';
const REFUSED = { name: 'Problem', reason: 'unauthorized' };

let pair: { privateKey: CryptoKey; publicKey: CryptoKey };
let stranger: { privateKey: CryptoKey; publicKey: CryptoKey };
let jwks: { keys: JWK[] };
let server: LocalServer;
let verifier: JwtVerifier;

function configFor(url: string): JwtConfig {
  return { issuer: ISSUER, audience: AUDIENCE, jwksUrl: `${url}/jwks.json`, rolesClaim: 'roles' };
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Moves the clock (Date) only: timers and sockets stay real. The clock stands still from then on. */
function clockGoesOn(milliseconds: number): void {
  const now = Date.now() + milliseconds;
  jest.useFakeTimers({
    now,
    doNotFake: [
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'setInterval',
      'setTimeout',
      'clearImmediate',
      'clearInterval',
      'clearTimeout',
    ],
  });
}

interface TokenChanges {
  claims?: JWTPayload;
  without?: string;
  header?: Record<string, unknown>;
  key?: CryptoKey | Uint8Array;
}

/** A token that is good unless changed. */
function token(changes: TokenChanges = {}): Promise<string> {
  const claims: JWTPayload = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ann',
    exp: inSeconds(300),
    ...changes.claims,
  };
  if (changes.without) delete claims[changes.without];
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'main', ...changes.header })
    .sign(changes.key ?? pair.privateKey);
}

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('RS256', { extractable: true });
  jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'main', alg: 'RS256', use: 'sig' }] };
});
beforeEach(async () => {
  server = await startServer((_request, response) => response.end(JSON.stringify(jwks)));
  verifier = createJwtVerifier(configFor(server.url));
});
afterEach(async () => {
  jest.useRealTimers();
  await server.close();
});

describe('a good token', () => {
  test('is the user jwt:<sub> with its claims; keys are fetched once', async () => {
    const principal = await verifier.verify(await token({ claims: { tenant: 'north' } }));
    expect(principal).toMatchObject({
      userId: 'jwt:ann',
      role: 'user',
      kind: 'jwt',
      anonymousAllowed: false,
    });
    expect(principal.claims).toMatchObject({ sub: 'ann', tenant: 'north' });
    expect((await verifier.verify(await token({ claims: { sub: 'bo' } }))).userId).toBe('jwt:bo');
    expect(server.requests).toBe(1);
  });

  test.each([
    ['admin', 'admin'],
    [['viewer', 'manager', 'root'], 'manager'],
    [['root'], 'user'],
    ['root', 'user'],
    [{ admin: true }, 'user'],
    [undefined, 'user'],
  ])('with the roles %j it is %s', async (roles, role) => {
    expect((await verifier.verify(await token({ claims: { roles } }))).role).toBe(role);
  });

  test('is remembered for a minute, and no longer than it is good', async () => {
    const [long, short] = [await token(), await token({ claims: { exp: inSeconds(30) } })];
    const remembered = await verifier.verify(long);
    await verifier.verify(short);
    expect(await verifier.verify(long)).toBe(remembered);
    clockGoesOn(40_000);
    expect(await verifier.verify(long)).toBe(remembered);
    await expect(verifier.verify(short)).rejects.toMatchObject(REFUSED);
    clockGoesOn(21_000);
    const again = await verifier.verify(long);
    expect(again).toEqual(remembered);
    expect(again).not.toBe(remembered);
  });
});

describe('a bad token is refused', () => {
  const cases: [string, () => Promise<string> | string][] = [
    ['alg none', unsigned],
    ['HS256 with the public key', hs256WithPublicKey],
    ['a stranger key under a known kid', () => token({ key: stranger.privateKey })],
    ['expired', () => token({ claims: { exp: inSeconds(-10) } })],
    ['without exp', () => token({ without: 'exp' })],
    ['not yet valid', () => token({ claims: { nbf: inSeconds(60) } })],
    ['wrong audience', () => token({ claims: { aud: 'somebody' } })],
    ['without audience', () => token({ without: 'aud' })],
    ['wrong issuer', () => token({ claims: { iss: `${ISSUER}.evil` } })],
    ['without sub', () => token({ without: 'sub' })],
    ['empty sub', () => token({ claims: { sub: '' } })],
    ['longer than 8 kB', () => token({ claims: { padding: 'x'.repeat(8192) } })],
    ['nonsense', () => 'a.b.c'],
    ['changed after signing', async () => `${(await token()).slice(0, -8)}AAAAAAAA`],
  ];
  test.each(cases)('%s', async (_name, make) => {
    await expect(verifier.verify(await make())).rejects.toMatchObject(REFUSED);
  });

  function unsigned(): string {
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: inSeconds(300) };
    return new UnsecuredJWT(claims).encode();
  }

  async function hs256WithPublicKey(): Promise<string> {
    const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    return token({ header: { alg: 'HS256' }, key: secret });
  }

  test('for its algorithm, before any key is looked for', async () => {
    for (const bad of [unsigned(), await hs256WithPublicKey()]) {
      await expect(verifier.verify(bad)).rejects.toMatchObject(REFUSED);
    }
    expect(server.requests).toBe(0);
  });

  test('a key that the token carries (jwk) or points to (jku) is not used', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const attacker = await startServer((_request, response) =>
      response.end(JSON.stringify({ keys: [{ ...jwk, kid: 'evil', alg: 'RS256' }] })),
    );
    for (const kid of ['main', 'evil']) {
      const header = { kid, jwk, jku: `${attacker.url}/jwks.json`, x5u: attacker.url };
      const forged = await token({ header, key: stranger.privateKey });
      await expect(verifier.verify(forged)).rejects.toMatchObject(REFUSED);
    }
    expect(attacker.requests).toBe(0);
    await attacker.close();
  });

  test('the clock may differ by 5 s', async () => {
    const justExpired = await token({ claims: { exp: inSeconds(-2) } });
    expect((await verifier.verify(justExpired)).userId).toBe('jwt:ann');
  });
});

describe('the issuer is asked at most once in 30 s', () => {
  test('1,000 tokens with unknown kids, at once and one by one', async () => {
    const forged = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => token({ header: { kid: `unknown-${index}` } })),
    );
    const together = await Promise.allSettled(forged.slice(0, 500).map((one) => verifier.verify(one)));
    expect(together.filter((outcome) => outcome.status === 'rejected')).toHaveLength(500);
    for (const one of forged.slice(500)) await expect(verifier.verify(one)).rejects.toMatchObject(REFUSED);
    expect(server.requests).toBe(1);
  });

  test('a new key of the issuer is found after that', async () => {
    await verifier.verify(await token());
    const added = await generateKeyPair('ES256', { extractable: true });
    const published = jwks;
    jwks = { keys: [...jwks.keys, { ...(await exportJWK(added.publicKey)), kid: 'new', alg: 'ES256' }] };
    const signed = await token({ header: { alg: 'ES256', kid: 'new' }, key: added.privateKey });
    await expect(verifier.verify(signed)).rejects.toMatchObject(REFUSED);
    clockGoesOn(30_100);
    expect((await verifier.verify(signed)).userId).toBe('jwt:ann');
    expect(server.requests).toBe(2);
    jwks = published;
  });

  const broken: [string, Parameters<typeof startServer>[0]][] = [
    ['breaks the connection', (request) => request.socket.destroy()],
    ['answers 500', (_request, response) => response.writeHead(500).end('{}')],
    ['redirects', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['answers no JSON', (_request, response) => response.end('<html>')],
    ['answers no key set', (_request, response) => response.end('{"keys":1}')],
    ['answers too much', (_request, response) => response.end(JSON.stringify(jwks) + ' '.repeat(300_000))],
  ];
  test.each(broken)('when it %s: 401, one attempt, one warning', async (_name, listener) => {
    const down = await startServer(listener);
    const warn = jest.fn();
    const log = { error: jest.fn(), warn, info: jest.fn(), debug: jest.fn() };
    const lonely = createJwtVerifier(configFor(down.url), { log });
    const good = await token();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await expect(lonely.verify(good)).rejects.toMatchObject(REFUSED);
    }
    expect(down.requests).toBe(1);
    expect(warn).toHaveBeenCalledTimes(1);
    clockGoesOn(30_100);
    await expect(lonely.verify(good)).rejects.toMatchObject(REFUSED);
    expect(down.requests).toBe(2);
    expect(warn).toHaveBeenCalledTimes(2);
    await down.close();
  });
});

describe('a public key file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function fileVerifier(pem: string): Promise<JwtVerifier> {
    const publicKeyFile = join(folder, 'key.pem');
    await writeFile(publicKeyFile, pem);
    return createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, publicKeyFile, rolesClaim: 'roles' });
  }

  test.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])('%s', async (alg) => {
    const keys = await generateKeyPair(alg, { extractable: true });
    const verifier = await fileVerifier(await exportSPKI(keys.publicKey));
    const good = await token({ header: { alg }, key: keys.privateKey });
    expect((await verifier.verify(good)).userId).toBe('jwt:ann');
    const forged = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    await expect(
      verifier.verify(await token({ header: { alg: 'HS256' }, key: forged })),
    ).rejects.toMatchObject(REFUSED);
    await expect(verifier.verify(await token())).rejects.toMatchObject(REFUSED);
  });

  test('a private key, nonsense or a missing file stops the start', async () => {
    const privateKey = await exportPKCS8(stranger.privateKey);
    await expect(fileVerifier(privateKey)).rejects.toThrow('JWT_PUBLIC_KEY_FILE');
    const broken = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    await expect(fileVerifier(broken)).rejects.toThrow('JWT_PUBLIC_KEY_FILE');
    const missing = { issuer: ISSUER, audience: AUDIENCE, publicKeyFile: join(folder, 'no'), rolesClaim: '' };
    expect(() => createJwtVerifier(missing)).toThrow('ENOENT');
  });
});
