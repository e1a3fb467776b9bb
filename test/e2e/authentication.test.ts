import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  SignJWT,
  UnsecuredJWT,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { startServer, type LocalServer } from '../auth/jwks-server.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { providedValuesUri, testVersions } from '../support/protocol-versions.ts';
import { post, rpc, v1Text, type RpcAnswer } from '../support/rpc.ts';
import { storeKeys } from '../support/stored-keys.ts';

const issuer = 'https://issuer.example';

let model: ModelServer;
let jwks: LocalServer;
let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'bob' | 'cut' | 'old' | 'gone' | 'boss', string>;
let pair: { privateKey: CryptoKey; publicKey: CryptoKey };
let stranger: { privateKey: CryptoKey; publicKey: CryptoKey };

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('ES256', { extractable: true });
  const keySet = JSON.stringify({
    keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'main', alg: 'RS256' }],
  });
  jwks = await startServer((_request, response) => response.end(keySet));
  model = await startModelServer(text('At your service.'));
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-authentication-'));
  keys = await storeKeys(dataDir, {
    ann: {},
    bob: { user: { assignedAgents: ['vault'] } },
    cut: { user: { apiAccess: false } },
    old: { expiresAt: Date.now() - 1 },
    gone: { revoked: true },
    boss: { user: { role: 'manager' } },
  });
  gateway = await startGateway({ files: agents, env: environment(), dataDir });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([model.close(), jwks.close()]);
  await rm(dataDir, { recursive: true });
});

const tenant = { name: 'tenant', schema: { type: 'string' }, source: 'claim', claim: 'tid', required: true };
const colour = { name: 'colour', schema: { type: 'string' } };
const agents = {
  'talker.yaml': agentFile('talker'),
  'open.yaml': agentFile('open', { access: 'public' }),
  'vault.yaml': agentFile('vault', { access: 'assigned' }),
  'tenant.yaml': agentFile('tenant', {
    systemPrompt: 'Tenant {{tenant}}.',
    contextVariables: [tenant, colour],
  }),
};

function environment(): Record<string, string> {
  return {
    ...modelEnv(model.baseUrl),
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: 'gateway',
    JWT_JWKS_URL: `${jwks.url}/jwks.json`,
    // So that each test can come from an address of its own: failures are limited per address.
    TRUST_PROXY: 'true',
  };
}

let lastAddress = 0;

function ownAddress(): Record<string, string> {
  lastAddress += 1;
  return { 'X-Forwarded-For': `198.51.100.${lastAddress}` };
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const goodClaims = (): JWTPayload => ({ iss: issuer, aud: 'gateway', sub: 'ann', exp: inSeconds(300) });

async function token(
  claims: JWTPayload = {},
  header: object = {},
  key: CryptoKey | Uint8Array = pair.privateKey,
): Promise<string> {
  const jwt = new SignJWT({ ...goodClaims(), ...claims });
  return await jwt.setProtectedHeader({ alg: 'RS256', kid: 'main', ...header }).sign(key);
}

/** Well-formed, but signed with a key that the issuer does not know. */
const forged = async (header: object): Promise<string> =>
  await token({}, { alg: 'ES256', ...header }, stranger.privateKey);

interface Caller {
  authorization: string | null;
  agent?: string;
  headers?: Record<string, string>;
}

/** A v1.0 send, or another method. */
async function send(caller: Caller, body: object = rpc('SendMessage', v1Text('Hi'))): Promise<Response> {
  const { authorization, agent = 'talker', headers = {} } = caller;
  const options = { authorization, headers: { 'A2A-Version': '1.0', ...headers } };
  return await post(gateway.url, agent, body, options);
}

async function rest(
  authorization: string | null,
  path = '/api/v1/agents',
  headers: Record<string, string> = {},
): Promise<Response> {
  const credential = authorization === null ? {} : { authorization };
  return await fetch(gateway.url + path, { headers: { ...credential, ...headers } });
}

async function answerOf(response: Response): Promise<RpcAnswer> {
  return (await response.json()) as RpcAnswer;
}

function stateOf(answer: RpcAnswer): unknown {
  return testVersions[0]?.task(answer).status.state;
}

describe('good credentials', () => {
  test.each(['SSWS', 'ssws', 'Bearer', 'bEARER', 'Token', 'TOKEN'])('an API key as %s', async (scheme) => {
    const answer = await answerOf(await send({ authorization: `${scheme} ${keys.ann}` }));
    expect(stateOf(answer)).toBe('TASK_STATE_COMPLETED');
    expect((await rest(`${scheme} ${keys.ann}`)).status).toBe(200);
  });

  test('a JWT; its claims reach the prompt, and no caller can set them', async () => {
    const authorization = `bearer ${await token({ tid: 'north' })}`;
    const from = model.requests.length;
    const answer = await answerOf(await send({ authorization, agent: 'tenant' }));
    expect(stateOf(answer)).toBe('TASK_STATE_COMPLETED');
    expect(model.requests[from]?.body.messages[0]?.content).toContain('Tenant north.');
    for (const version of testVersions) {
      const parts = [version.text('Hi'), version.data({ tenant: 'south' }, providedValuesUri)];
      const headers = { 'A2A-Version': version.version, [version.extensionsHeader]: providedValuesUri };
      const refused = await answerOf(
        await send({ authorization, agent: 'tenant', headers }, rpc(version.send, version.params(parts))),
      );
      expect(refused.error?.code).toBe(-32602);
      expect(JSON.stringify(refused.error?.data)).toContain('"field":"tenant"');
    }
    const without = await answerOf(await send({ authorization: `Bearer ${await token()}`, agent: 'tenant' }));
    expect(without.error?.code).toBe(-32602);
    expect(model.requests.length - from).toBe(1);
  });

  test('the role of a JWT: an administrator sees an assigned agent, another does not', async () => {
    const [administrator, other] = [
      await token({ roles: ['user', 'admin'] }),
      await token({ roles: 'user' }),
    ];
    expect((await send({ authorization: `Bearer ${administrator}`, agent: 'vault' })).status).toBe(200);
    expect((await send({ authorization: `Bearer ${other}`, agent: 'vault' })).status).toBe(404);
  });
});

async function signedWithPublicKey(): Promise<string> {
  return await token({}, { alg: 'HS256' }, Buffer.from(await exportSPKI(pair.publicKey)));
}

type Credential = () => string | null | Promise<string | null>;
const badCredentials: readonly [string, Credential][] = [
  ['none', () => null],
  ['an unknown key', () => `SSWS agw_${'x'.repeat(43)}`],
  ['an expired key', () => `SSWS ${keys.old}`],
  ['a revoked key', () => `Bearer ${keys.gone}`],
  ['a key without a scheme', () => keys.ann],
  ['another scheme', () => `Basic ${Buffer.from(`ann:${keys.ann}`).toString('base64')}`],
  ['9,000 characters', () => `Bearer ${'x'.repeat(9_000)}`],
  ['two keys', () => `SSWS ${keys.ann} ${keys.bob}`],
  ['a JWT with alg none', () => `Bearer ${new UnsecuredJWT(goodClaims()).encode()}`],
  ['a JWT signed by HS256 with the public key', async () => `Bearer ${await signedWithPublicKey()}`],
  [
    'a JWT that brings its own key',
    async () => {
      const jwk = await exportJWK(stranger.publicKey);
      return `Bearer ${await forged({ kid: undefined, jwk, jku: `${jwks.url}/mine.json` })}`;
    },
  ],
  ['an expired JWT', async () => `Bearer ${await token({ exp: inSeconds(-60) })}`],
  ['a JWT for another audience', async () => `Bearer ${await token({ aud: 'elsewhere' })}`],
  ['a JWT of another issuer', async () => `Bearer ${await token({ iss: 'https://other.example' })}`],
  ['a JWT of an unknown key', async () => `Bearer ${await forged({ kid: 'unknown' })}`],
  ['a JWT with an empty sub', async () => `Bearer ${await token({ sub: '' })}`],
  ['a JWT as SSWS', async () => `SSWS ${await token()}`],
];

describe('bad credentials', () => {
  test.each(badCredentials)('%s: always the same 401, as JSON-RPC and as REST', async (_name, credential) => {
    const authorization = await credential();
    const headers = ownAddress();
    const one = await send({ authorization, headers });
    expect(one.status).toBe(401);
    expect(one.headers.get('www-authenticate')).toMatch(/SSWS .*Bearer /);
    const known = await send({ authorization: 'SSWS wrong', headers: ownAddress() });
    const body = await answerOf(one);
    expect(body).toEqual(await known.json());
    expect(body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32000 } });
    const two = await rest(authorization, '/api/v1/agents', headers);
    expect(two.status).toBe(401);
    expect(two.headers.get('www-authenticate')).toMatch(/SSWS .*Bearer /);
    const knownRest = await rest('SSWS wrong', '/api/v1/agents', ownAddress());
    const error = await two.json();
    expect(error).toEqual(await knownRest.json());
    expect(error).toMatchObject({ error: { code: 'unauthorized', details: {} } });
  });

  test('1,000 JWTs of unknown keys: refused, limited, and at most one question to the issuer', async () => {
    const headers = ownAddress();
    const statuses: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const batch = Array.from({ length: 50 }, async (_, index) => {
        const authorization = `Bearer ${await forged({ kid: `unknown-${round}-${index}` })}`;
        const response = await send({ authorization, headers });
        const { error } = await answerOf(response);
        expect(error?.code).toBe(-32000);
        statuses.push(response.status);
      });
      await Promise.all(batch);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(990);
    expect(jwks.requests).toBe(1);
    const limited = await rest('SSWS wrong', '/api/v1/agents', headers);
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await limited.json()).toMatchObject({ error: { code: 'rate_limited' } });
    // Whoever has a good credential is not kept out by others behind the same address.
    expect((await send({ authorization: `SSWS ${keys.ann}`, headers })).status).toBe(200);
    expect((await send({ authorization: `Bearer ${await token()}`, headers })).status).toBe(200);
  });

  test('a user without API access: 403 whatever the door', async () => {
    const authorization = `SSWS ${keys.cut}`;
    const refused = await send({ authorization });
    expect(refused.status).toBe(403);
    expect(await answerOf(refused)).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
    const other = await rest(authorization);
    expect(other.status).toBe(403);
    expect(await other.json()).toMatchObject({ error: { code: 'permission_denied' } });
    expect((await send({ authorization, agent: 'open' })).status).toBe(403);
  });
});

describe('which agent', () => {
  const card = (id: string): string => `/a2a/${id}/.well-known/agent-card.json`;

  test('a public one needs no credentials; its caller may not list tasks', async () => {
    expect(stateOf(await answerOf(await send({ authorization: null, agent: 'open' })))).toBe(
      'TASK_STATE_COMPLETED',
    );
    expect((await rest(null, card('open'))).status).toBe(200);
    const listed = await send({ authorization: null, agent: 'open' }, rpc('ListTasks', {}));
    expect(listed.status).toBe(401);
    expect(listed.headers.get('www-authenticate')).toContain('Bearer');
    expect((await answerOf(listed)).id).toBe(1);
  });

  test('an assigned one does not exist for others, its card included', async () => {
    for (const authorization of [null, `SSWS ${keys.ann}`, `Bearer ${await token()}`]) {
      const hidden = await send({ authorization, agent: 'vault' });
      const missing = await send({ authorization, agent: 'nothing' });
      expect([hidden.status, missing.status]).toEqual([404, 404]);
      expect(await hidden.json()).toEqual(await missing.json());
      const [hiddenCard, missingCard] = [
        await rest(authorization, card('vault')),
        await rest(authorization, card('nothing')),
      ];
      expect([hiddenCard.status, missingCard.status]).toEqual([404, 404]);
      expect(await hiddenCard.json()).toEqual(await missingCard.json());
    }
    const listed = (await (await rest(`SSWS ${keys.ann}`)).json()) as { agents: { id: string }[] };
    expect(listed.agents.map(({ id }) => id)).toEqual(['open', 'talker', 'tenant']);
    expect((await rest(`SSWS ${keys.ann}`, '/api/v1/agents/vault')).status).toBe(404);
  });

  test('an assigned one serves its user and administrators; a manager sees it only', async () => {
    for (const key of [keys.bob, adminKey]) {
      expect((await send({ authorization: `SSWS ${key}`, agent: 'vault' })).status).toBe(200);
      const served = await rest(`SSWS ${key}`, card('vault'));
      expect([served.status, served.headers.get('cache-control')]).toEqual([200, 'private, max-age=60']);
    }
    expect((await rest(`SSWS ${keys.boss}`, card('vault'))).status).toBe(200);
    expect((await send({ authorization: `SSWS ${keys.boss}`, agent: 'vault' })).status).toBe(403);
  });
});
