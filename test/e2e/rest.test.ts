import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { storeKeys } from '../support/stored-keys.ts';

let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'bob', string>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-rest-'));
  keys = await storeKeys(dataDir, { ann: {}, bob: { user: { assignedAgents: ['vault'] } } });
  gateway = await startGateway({
    files: {
      'alpha.yaml': agentFile('alpha', {}, { name: 'Alpha', description: 'The first.' }),
      'beta.yaml': agentFile('beta', { access: 'public' }),
      'gamma.yaml': agentFile('gamma'),
      'vault.yaml': agentFile('vault', { access: 'assigned', systemPrompt: 'Top secret.' }),
    },
    // Nothing listens there: no test of this file asks a model.
    env: { ...modelEnv('http://127.0.0.1:9/v1'), DEFAULT_AGENT: 'beta' },
    dataDir,
  });
});

afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

interface Got {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function get(
  path: string,
  key: string | null = adminKey,
  headers: Record<string, string> = {},
): Promise<Got> {
  const credentials = key === null ? {} : { Authorization: `SSWS ${key}` };
  const response = await fetch(`${gateway.url}${path}`, { headers: { ...credentials, ...headers } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

async function listed(
  query = '',
  key: string | null = adminKey,
): Promise<{ ids: string[]; body: Record<string, unknown> }> {
  const { body } = await get(`/api/v1/agents${query}`, key);
  return { ids: ((body['agents'] ?? []) as { id: string }[]).map(({ id }) => id), body };
}

describe('GET /api/v1/agents', () => {
  test('lists every agent with its public part', async () => {
    const { ids, body } = await listed();
    expect(ids).toEqual(['alpha', 'beta', 'gamma', 'vault']);
    expect(body).toMatchObject({ total: 4, limit: 50, offset: 0 });
    expect((body['agents'] as object[])[0]).toEqual({
      id: 'alpha',
      name: 'Alpha',
      description: 'The first.',
      agent_type: 'declared',
      data_source_id: null,
      is_active: true,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test.each([
    ['?limit=2', ['alpha', 'beta']],
    ['?limit=2&offset=2', ['gamma', 'vault']],
    ['?offset=3', ['vault']],
    ['?offset=4', []],
  ])('%s is one page of the same list', async (query, expected) => {
    const { ids, body } = await listed(query);
    expect(ids).toEqual(expected);
    expect(body['total']).toBe(4);
  });

  test.each([
    ['?is_active=true', ['alpha', 'beta', 'gamma', 'vault']],
    ['?is_active=false', []],
    ['?data_source_id=shop', []],
  ])('%s filters', async (query, expected) => {
    const { ids, body } = await listed(query);
    expect(ids).toEqual(expected);
    expect(body['total']).toBe(expected.length);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=', 'offset=-1', 'is_active=yes'])(
    '%s is 400 and named',
    async (query) => {
      const { status, body, headers } = await get(`/api/v1/agents?${query}`);
      expect(status).toBe(400);
      const [name = ''] = query.split('=');
      expect(body).toMatchObject({
        error: { code: 'invalid_request', details: { fields: { [name]: expect.any(String) } } },
      });
      expect(headers.get('x-request-id')).toMatch(/./);
    },
  );

  test('shows each caller what it may see, and no more', async () => {
    expect((await listed('', keys.ann)).ids).toEqual(['alpha', 'beta', 'gamma']);
    expect((await listed('', keys.bob)).ids).toEqual(['alpha', 'beta', 'gamma', 'vault']);
    const nobody = await get('/api/v1/agents', null);
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get('www-authenticate')).toContain('SSWS');
  });
});

describe('GET /api/v1/agents/{id}', () => {
  test('is the public part and the revision', async () => {
    const { status, body } = await get('/api/v1/agents/alpha', keys.ann);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: 'alpha',
      name: 'Alpha',
      revision: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(JSON.stringify(body)).not.toContain('test agent');
  });

  test('is 404 for what there is not, and in the same words for what the caller may not see', async () => {
    const hidden = await get('/api/v1/agents/vault', keys.ann);
    const missing = await get('/api/v1/agents/nothing', keys.ann);
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    expect(hidden.body).toEqual(missing.body);
    expect((await get('/api/v1/agents/vault', keys.bob)).status).toBe(200);
  });
});

test('GET /api/v1/llm-providers is exactly a map from llmId to model', async () => {
  expect((await get('/api/v1/llm-providers', keys.ann)).body).toEqual({ openai: 'test-model' });
  expect((await get('/api/v1/llm-providers', null)).status).toBe(401);
});

test('health says that it lives and is ready, without credentials', async () => {
  for (const path of ['/health/live', '/health/ready']) {
    const { status, body, headers } = await get(path, null);
    expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
    expect(headers.get('cache-control')).toBe('no-store');
  }
});

test('an address that there is not is 404 in the error shape of REST', async () => {
  expect(await get('/api/v1/nothing')).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found', details: {} } },
  });
});

describe('agent cards', () => {
  const alpha = '/a2a/alpha/.well-known/agent-card.json';

  test('come in three shapes, by A2A-Version', async () => {
    const pure = await get(alpha, null, { 'A2A-Version': '1.0' });
    expect(pure.body).toMatchObject({ name: 'Alpha', supportedInterfaces: expect.any(Array) });
    expect(pure.body).not.toHaveProperty('protocolVersion');
    expect(pure.body).not.toHaveProperty('url');
    const old = await get(alpha, null, { 'A2A-Version': '0.3' });
    expect(old.body).toMatchObject({
      protocolVersion: '0.3.0',
      url: `${gateway.url}/a2a/alpha`,
      preferredTransport: 'JSONRPC',
    });
    expect(old.body).not.toHaveProperty('supportedInterfaces');
    const combined = await get(alpha, null);
    expect(combined.body).toEqual({
      ...old.body,
      supportedInterfaces: pure.body['supportedInterfaces'],
      signatures: expect.any(Array),
    });
    expect((await get(`${alpha}?A2A-Version=1.0`, null)).body).toEqual(pure.body);
    const etags = [pure, old, combined].map(({ headers }) => headers.get('etag'));
    expect(new Set(etags).size).toBe(3);
    for (const { headers } of [pure, old, combined]) {
      expect(headers.get('vary')).toBe('A2A-Version');
      expect(headers.get('cache-control')).toBe('public, max-age=60');
      expect(Date.parse(headers.get('last-modified') ?? '')).toBeLessThanOrEqual(Date.now());
    }
  });

  test('are 304 for who has them already, in the same version only', async () => {
    const { headers } = await get(alpha, null);
    const etag = headers.get('etag') ?? '';
    const again = await conditional(alpha, { 'if-none-match': etag });
    expect(again).toMatchObject({ status: 304, vary: 'A2A-Version', etag, body: '' });
    const since = await conditional(alpha, { 'if-modified-since': headers.get('last-modified') ?? '' });
    expect(since.status).toBe(304);
    const other = await conditional(alpha, { 'if-none-match': etag, 'a2a-version': '1.0' });
    expect(other.status).toBe(200);
  });

  test('are 304 for clients on fetch too, which send Cache-Control: no-cache beside If-None-Match', async () => {
    const etag = (await get(alpha, null)).headers.get('etag') ?? '';
    expect((await get(alpha, null, { 'If-None-Match': etag })).status).toBe(304);
  });

  test('stand at the old name and with a trailing slash too; the default one at the origin', async () => {
    const { body } = await get(alpha, null);
    for (const address of ['/a2a/alpha/.well-known/agent.json', `${alpha}/`]) {
      expect(await get(address, null)).toMatchObject({ status: 200, body });
    }
    for (const address of ['/.well-known/agent-card.json', '/.well-known/agent.json']) {
      expect((await get(address, null)).body).toMatchObject({ name: 'beta', url: `${gateway.url}/a2a/beta` });
    }
  });

  test('of an assigned agent exist for those who may see it only', async () => {
    const address = '/a2a/vault/.well-known/agent-card.json';
    expect((await get(address, null)).status).toBe(404);
    expect((await get(address, keys.ann)).status).toBe(404);
    const { status, headers, body } = await get(address, keys.bob);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('private, max-age=60');
    expect(JSON.stringify(body)).not.toContain('Top secret');
  });
});

interface Conditional {
  status: number;
  vary: string | undefined;
  etag: string | undefined;
  body: string;
}

/** A conditional request without what fetch adds to one. */
async function conditional(path: string, headers: Record<string, string>): Promise<Conditional> {
  const { promise, resolve, reject } = Promise.withResolvers<Conditional>();
  const outgoing = request(`${gateway.url}${path}`, { headers }, (incoming) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      const { vary, etag } = incoming.headers;
      resolve({ status: incoming.statusCode ?? 0, vary, etag, body });
    });
  });
  outgoing.once('error', reject).end();
  return await promise;
}
