import { describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../src/auth/authenticate.ts';
import type { Authenticate } from '../../src/auth/authenticate.ts';
import { createApiKey } from '../../src/auth/api-keys.ts';
import type { JwtVerifier } from '../../src/auth/jwt.ts';
import type { Principal } from '../../src/auth/principal.ts';
import { unauthorized } from '../../src/auth/unauthorized.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { createMemoryKeyStore, storeKey } from './memory-key-store.ts';

const ADDRESS = '192.0.2.1';
const JWT_USER: Principal = {
  userId: 'jwt:ann',
  role: 'user',
  kind: 'jwt',
  assignedAgents: new Set(),
  claims: {},
  anonymousAllowed: false,
};

/** Takes the token `good.token.x` only. */
const jwt: JwtVerifier = {
  async verify(token) {
    if (token !== 'good.token.x') throw unauthorized();
    return JWT_USER;
  },
};

async function start(options: { jwt?: JwtVerifier; anonymousAllowed?: boolean } = {}) {
  const keys = createMemoryKeyStore();
  const key = await storeKey(keys);
  const authenticate = createAuthenticator({ keys, anonymousAllowed: false, ...options });
  return { keys, key, authenticate };
}

const refusal = (authenticate: Authenticate, authorization: string): Promise<unknown> =>
  authenticate({ authorization }, ADDRESS).then(
    () => 'let in',
    (error: unknown) => error,
  );

describe('who is calling', () => {
  test.each(['SSWS', 'Bearer', 'Token', 'bEARER', 'token', 'ssws'])(
    '%s carries an API key',
    async (scheme) => {
      const { key, authenticate } = await start({ jwt });
      const principal = await authenticate({ authorization: `${scheme} ${key}` }, ADDRESS);
      expect(principal).toMatchObject({ userId: 'ann', kind: 'api-key' });
    },
  );

  test('Bearer with the shape of a JWT is a token, while JWT is on; other schemes are keys', async () => {
    const { keys, authenticate } = await start({ jwt });
    expect(await authenticate({ authorization: 'Bearer good.token.x' }, ADDRESS)).toBe(JWT_USER);
    expect(keys.lookups).toBe(0);
    expect(await refusal(authenticate, 'Token good.token.x')).toMatchObject({ reason: 'unauthorized' });
    expect(keys.lookups).toBe(1);
    const off = await start();
    expect(await refusal(off.authenticate, 'Bearer good.token.x')).toMatchObject({ reason: 'unauthorized' });
    expect(off.keys.lookups).toBe(1);
  });

  test.each([true, false])(
    'nothing given is anonymous (anonymousAllowed %s), never a failure',
    async (allowed) => {
      const { authenticate, key } = await start({ anonymousAllowed: allowed });
      for (let attempt = 0; attempt < 20; attempt += 1) {
        expect(await authenticate({}, ADDRESS)).toMatchObject({
          userId: 'anonymous',
          role: 'user',
          kind: 'anonymous',
          anonymousAllowed: allowed,
        });
      }
      expect((await authenticate({ authorization: `Bearer ${key}` }, ADDRESS)).userId).toBe('ann');
      expect(await refusal(authenticate, 'Bearer wrong')).toMatchObject({ reason: 'unauthorized' });
    },
  );
});

describe('bad credentials', () => {
  test('get one and the same answer, which repeats nothing of them', async () => {
    const { authenticate } = await start({ jwt });
    const bad = [
      'Basic eDp5',
      'Bearer',
      `Bearer ${createApiKey().key}`,
      'Bearer bad.token.x',
      'Bearer a b',
      'x',
    ];
    const answers = await Promise.all(bad.map((header) => refusal(authenticate, header)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ reason: 'unauthorized', message: unauthorized().message });
    }
  });

  test('a header larger than 8 kB is refused unseen', async () => {
    const { keys, authenticate } = await start();
    const header = `Bearer ${'x'.repeat(8192)}`;
    expect(await refusal(authenticate, header)).toMatchObject({ reason: 'unauthorized' });
    expect(keys.lookups).toBe(0);
  });

  test('are limited to 10 a minute per address; valid ones pass from there all the same', async () => {
    const { key, authenticate } = await start();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(await refusal(authenticate, 'Bearer wrong')).toMatchObject({ reason: 'unauthorized' });
    }
    const limited = { reason: 'rate_limited', retryAfterSeconds: 60 };
    expect(await refusal(authenticate, 'Bearer wrong')).toMatchObject(limited);
    expect((await authenticate({ authorization: `Bearer ${key}` }, ADDRESS)).userId).toBe('ann');
    expect((await authenticate({}, ADDRESS)).kind).toBe('anonymous');
    const elsewhere = authenticate({ authorization: 'Bearer wrong' }, '192.0.2.2');
    await expect(elsewhere).rejects.toMatchObject({ reason: 'unauthorized' });
  });

  test('a user without API access and a store that is down are not failed attempts', async () => {
    const { keys, authenticate } = await start();
    const locked = await storeKey(keys, { id: 'locked', apiAccess: false });
    const down = createAuthenticator({
      keys: { ...keys, find: () => Promise.reject(new StoreUnavailableError('down')) },
      anonymousAllowed: false,
    });
    for (let attempt = 0; attempt < 12; attempt += 1) {
      expect(await refusal(authenticate, `Bearer ${locked}`)).toMatchObject({ reason: 'permission_denied' });
      expect(await refusal(down, `Bearer ${locked}`)).toBeInstanceOf(StoreUnavailableError);
    }
  });
});
