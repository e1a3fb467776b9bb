import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultAgentCardResolver } from '@a2a-js/sdk/client';
import { DefaultAgentCardResolver as LegacyCardResolver } from 'a2a-js-sdk-v0-3/client';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { canonicalJson } from '../../src/a2a/canonical-json.ts';
import { makeSigningKey } from '../../src/auth/signing-key.ts';
import type { JsonObject } from '../../src/runs/message.ts';
import { fetchKeySet, protectedHeaders, sdkVerifier, verifyWithJose } from '../support/card-verifier.ts';
import { adminKey, agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectV1 } from '../support/sdk-clients.ts';

const files = {
  'alpha.yaml': agentFile('alpha', { contextVariables: [{ name: 'customer', schema: { type: 'string' } }] }),
  'open.yaml': agentFile('open', { access: 'public' }),
  'vault.yaml': agentFile('vault', { access: 'assigned' }),
};
const path = '/a2a/alpha/.well-known/agent-card.json';

// The SDK's verifier tells there of every signature that was for another form.
jest.spyOn(console, 'debug').mockReturnValue();

let dataDir: string;
let gateway: TestGateway;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-cards-'));
  gateway = await startGateway({ files, dataDir });
});
afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

async function card(headers: Record<string, string> = {}, from = gateway): Promise<Record<string, unknown>> {
  return (await (await fetch(`${from.url}${path}`, { headers })).json()) as Record<string, unknown>;
}

async function status(init: RequestInit): Promise<number> {
  return (await fetch(`${gateway.url}${path}`, init)).status;
}

describe('CARD-SIGN-001 a card that an SDK client has fetched', () => {
  test.each(['alpha', 'open'])(
    "of %s passes the SDK's own verifier over the published keys",
    async (agentId) => {
      const address = `${gateway.url}/a2a/${agentId}/.well-known/agent-card.json`;
      const fetched = await new DefaultAgentCardResolver().resolve(address, '');
      expect(fetched.signatures.length).toBeGreaterThan(0);
      await sdkVerifier()(fetched);
      const client = await connectV1(address);
      expect((await client.getAgentCard(undefined, sdkVerifier())).name).toBe(agentId);
    },
  );

  test('does not when one word of it was changed', async () => {
    const fetched = await new DefaultAgentCardResolver().resolve(`${gateway.url}${path}`, '');
    await expect(sdkVerifier()({ ...fetched, description: 'Another.' })).rejects.toThrow(
      'No valid signatures',
    );
  });
});

describe('CARD-SIGN-002 CARD-SIGN-003 each shape is signed for itself', () => {
  test.each<[string, Record<string, string>]>([
    ['v1.0', { 'A2A-Version': '1.0' }],
    ['v0.3', { 'A2A-Version': '0.3' }],
    ['both', {}],
  ])('%s verifies as it came, with jose', async (_shape, headers) => {
    const fetched = await card(headers);
    for (const header of protectedHeaders(fetched)) {
      expect(header).toMatchObject({
        alg: 'ES256',
        typ: 'JOSE',
        jku: `${gateway.url}/.well-known/jwks.json`,
      });
    }
    const keySet = await fetchKeySet(`${gateway.url}/.well-known/jwks.json`);
    const verify = async (content: Record<string, unknown>): Promise<number> =>
      await verifyWithJose(content, keySet, (given) => canonicalJson(given as JsonObject));
    expect(await verify(fetched)).toBe(1);
    expect(await verify({ ...fetched, version: '9.9.9' })).toBe(0);
  });

  test('the v0.3 SDK reads the signed card', async () => {
    const fetched = await new LegacyCardResolver().resolve(`${gateway.url}${path}`, '');
    expect(fetched.signatures).toHaveLength(2);
  });
});

describe('CARD-SIGN-004 rotation', () => {
  test('the next card is signed with the new key, and the one before still verifies', async () => {
    const address = `${gateway.url}${path}`;
    const before = await new DefaultAgentCardResolver().resolve(address, '');
    const rotated = await fetch(`${gateway.url}/api/v1/signing-keys/rotate`, {
      method: 'POST',
      headers: { Authorization: `SSWS ${adminKey}` },
    });
    const { kid } = (await rotated.json()) as { kid: string };
    const after = await card();
    expect(new Set(protectedHeaders(after).map((header) => header['kid']))).toEqual(new Set([kid]));
    await sdkVerifier()(before);
    await sdkVerifier()(await new DefaultAgentCardResolver().resolve(address, ''));
  });
});

describe('CARD-CACHE-002 ETag', () => {
  test('is the same on two gateways with the same files, address and key, and after a restart', async () => {
    const keyFile = join(dataDir, 'etag-key.pem');
    await writeFile(keyFile, makeSigningKey().privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const env = { PUBLIC_URL: 'https://agents.example/gateway', CARD_SIGNING_KEY_FILE: keyFile };
    const etags = async (started: TestGateway): Promise<(string | null)[]> =>
      await Promise.all(
        ['1.0', '0.3', '2.0'].map(async (version) => {
          const response = await fetch(`${started.url}${path}`, { headers: { 'A2A-Version': version } });
          await response.text();
          return response.headers.get('etag');
        }),
      );
    const one = await startGateway({ files, env });
    const two = await startGateway({ files, env });
    const first = await etags(one);
    expect(new Set(first).size).toBe(3);
    expect(await etags(two)).toEqual(first);
    expect((await card({}, one))['signatures']).not.toEqual((await card({}, two))['signatures']);
    await one.stop();
    const again = await startGateway({ files, env });
    expect(await etags(again)).toEqual(first);
    await Promise.all([two.stop(), again.stop()]);
  });

  test('answers 304, also among others, weak, and to HEAD', async () => {
    const response = await fetch(`${gateway.url}${path}`, { method: 'HEAD' });
    const etag = response.headers.get('etag') ?? '';
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('last-modified')).toMatch(/GMT$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      expect(await status({ headers: { 'If-None-Match': known } })).toBe(304);
      expect(await status({ method: 'HEAD', headers: { 'If-None-Match': known } })).toBe(304);
    }
    expect(await status({ headers: { 'If-None-Match': '"other"' } })).toBe(200);
  });
});

describe('CARD-CACHE-003 Last-Modified', () => {
  test('is compared as a date', async () => {
    const { headers } = await fetch(`${gateway.url}${path}`);
    const modified = Date.parse(headers.get('last-modified') ?? '');
    const since = async (date: string, others = {}): Promise<number> =>
      await status({ headers: { 'If-Modified-Since': date, ...others } });
    expect(await since(new Date(modified).toUTCString())).toBe(304);
    expect(await since(new Date(modified + 60_000).toUTCString())).toBe(304);
    expect(await since(new Date(modified - 1000).toUTCString())).toBe(200);
    expect(await since('yesterday')).toBe(200);
    // RFC 9110 §13.1.3: of no account beside If-None-Match.
    expect(await since(new Date(modified).toUTCString(), { 'If-None-Match': '"other"' })).toBe(200);
  });
});

describe('CARD-CACHE-001 Cache-Control and Vary', () => {
  test('name what the answer depends on', async () => {
    const caching = async (agentId: string): Promise<(string | null)[]> => {
      const address = `${gateway.url}/a2a/${agentId}/.well-known/agent-card.json`;
      const { headers } = await fetch(address, { headers: { Authorization: `SSWS ${adminKey}` } });
      return [headers.get('cache-control'), headers.get('vary')];
    };
    expect(await caching('alpha')).toEqual(['public, max-age=60', 'A2A-Version']);
    expect(await caching('vault')).toEqual(['private, max-age=60', 'A2A-Version, Authorization']);
  });
});

describe('CARD_DEFAULT_VERSION and CARD_SIGNING_KEY_FILE', () => {
  test('1.0 makes the card of a caller that names no version the pure one', async () => {
    const started = await startGateway({ files, env: { CARD_DEFAULT_VERSION: '1.0' } });
    const [unnamed, pure] = [await card({}, started), await card({ 'A2A-Version': '1.0' }, started)];
    await started.stop();
    expect(unnamed).toEqual(pure);
    for (const field of ['url', 'protocolVersion', 'security']) expect(unnamed).not.toHaveProperty(field);
  });

  test('the key of the file signs, and one that is none stops the start', async () => {
    const keyFile = join(dataDir, 'key.pem');
    const { kid, privateKey } = makeSigningKey();
    await writeFile(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const env = { CARD_SIGNING_KEY_FILE: keyFile };
    const started = await startGateway({ files, env });
    expect(protectedHeaders(await card({}, started))[0]).toMatchObject({ kid });
    await started.stop();
    await writeFile(keyFile, 'nonsense');
    await expect(startGateway({ files, env })).rejects.toThrow('CARD_SIGNING_KEY_FILE');
  });
});
