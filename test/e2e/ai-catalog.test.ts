import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AiCatalog } from '../../src/a2a/ai-catalog.ts';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { storeKeys } from '../support/stored-keys.ts';

let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'bob', string>;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-catalog-'));
  keys = await storeKeys(dataDir, { ann: {}, bob: { user: { assignedAgents: ['vault'] } } });
  gateway = await startGateway({
    files: {
      'alpha.yaml': agentFile('alpha', {}, { name: 'Alpha', description: 'The first.' }),
      'beta.yaml': agentFile('beta', { access: 'public' }),
      'vault.yaml': agentFile('vault', { access: 'assigned' }),
    },
    dataDir,
  });
});
afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

async function fetchCatalog(key?: string, headers: Record<string, string> = {}): Promise<Response> {
  const credentials = key === undefined ? {} : { Authorization: `SSWS ${key}` };
  return await fetch(`${gateway.url}/.well-known/ai-catalog.json`, {
    headers: { ...credentials, ...headers },
  });
}

async function entries(key?: string): Promise<AiCatalog['entries']> {
  return ((await (await fetchCatalog(key)).json()) as AiCatalog).entries;
}

test('the catalog lists agents with the addresses of their cards', async () => {
  const response = await fetchCatalog();
  expect(response.headers.get('content-type')).toContain('application/ai-catalog+json');
  const catalog = (await response.json()) as AiCatalog;
  const { host } = new URL(gateway.url);
  expect(catalog).toMatchObject({ specVersion: '1.0', host: { displayName: host, identifier: host } });
  expect(catalog.entries[0]).toEqual({
    identifier: `${gateway.url}/a2a/alpha`,
    displayName: 'Alpha',
    description: 'The first.',
    type: 'application/a2a-agent-card+json',
    url: `${gateway.url}/a2a/alpha/.well-known/agent-card.json`,
    tags: ['test'],
    updatedAt: expect.stringMatching(/Z$/),
  });
  for (const { url, displayName } of catalog.entries) {
    expect(await (await fetch(url)).json()).toMatchObject({ name: displayName });
  }
});

test('each caller sees its own', async () => {
  const names = async (key?: string): Promise<string[]> =>
    (await entries(key)).map(({ displayName }) => displayName);
  expect(await names()).toEqual(['Alpha', 'beta']);
  expect(await names(keys.ann)).toEqual(['Alpha', 'beta']);
  expect(await names(keys.bob)).toEqual(['Alpha', 'beta', 'vault']);
  expect((await fetchCatalog('agw_nobody')).status).toBe(401);
});

test('caches keep the one of everybody, and nobody else gets that of a caller', async () => {
  const open = await fetchCatalog();
  expect(open.headers.get('cache-control')).toBe('public, max-age=60');
  const own = await fetchCatalog(keys.bob);
  expect(own.headers.get('cache-control')).toBe('private, max-age=60');
  for (const { headers } of [open, own]) expect(headers.get('vary')).toBe('Authorization');
  const etag = own.headers.get('etag') ?? '';
  expect((await fetchCatalog(keys.bob, { 'If-None-Match': etag })).status).toBe(304);
  expect((await fetchCatalog(keys.ann, { 'If-None-Match': etag })).status).toBe(200);
});
