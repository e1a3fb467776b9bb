import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { canonicalJson } from '../../src/a2a/canonical-json.ts';
import type { JsonObject } from '../../src/runs/message.ts';
import { fetchKeySet, sdkVerifier, verifyWithJose } from '../support/card-verifier.ts';
import { agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { post, rpc } from '../support/rpc.ts';
import { cardUrl, connectV03, connectV1 } from '../support/sdk-clients.ts';
import { storeKeys } from '../support/stored-keys.ts';

// The SDK's verifier tells there of every signature that was for another form.
jest.spyOn(console, 'debug').mockReturnValue();

const refund = { id: 'refund', name: 'Refund', description: 'Pays back.', tags: ['money'] };
const extendedCard = {
  description: 'All that it can do.',
  documentationUrl: 'https://acme.example/internal',
  skills: [refund],
};

let dataDir: string;
let gateway: TestGateway;
let keys: Record<'ann' | 'manager', string>;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-extended-'));
  keys = await storeKeys(dataDir, { ann: {}, manager: { user: { role: 'manager' } } });
  gateway = await startGateway({
    files: {
      'desk.yaml': { ...agentFile('desk'), extendedCard },
      'office.yaml': { ...agentFile('office'), extendedCard: { ...extendedCard, roles: ['manager'] } },
      'open.yaml': { ...agentFile('open', { access: 'public' }), extendedCard },
      'plain.yaml': agentFile('plain'),
    },
    dataDir,
  });
});
afterAll(async () => {
  await gateway.stop();
  await rm(dataDir, { recursive: true });
});

async function card(agentId: string, version: string, from = gateway): Promise<Record<string, unknown>> {
  const response = await fetch(cardUrl(from, agentId), { headers: { 'A2A-Version': version } });
  return (await response.json()) as Record<string, unknown>;
}

interface Answer {
  status: number;
  result?: Record<string, unknown>;
  error?: { code: number };
}

const methods = { '1.0': 'GetExtendedAgentCard', '0.3': 'agent/getAuthenticatedExtendedCard' };

async function ask(
  agentId: string,
  version: keyof typeof methods,
  key?: string,
  from = gateway,
): Promise<Answer> {
  const response = await post(from.url, agentId, rpc(methods[version], {}), {
    authorization: key === undefined ? null : `SSWS ${key}`,
    headers: { 'A2A-Version': version },
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

function skillIds(card: { skills?: unknown } | undefined): string[] {
  return ((card?.skills ?? []) as { id: string }[]).map(({ id }) => id);
}

describe('the card says whether there is more', () => {
  test('in both versions', async () => {
    expect(await card('desk', '1.0')).toMatchObject({ capabilities: { extendedAgentCard: true } });
    expect(await card('desk', '0.3')).toMatchObject({ supportsAuthenticatedExtendedCard: true });
    expect(await card('desk', '2.0')).toMatchObject({
      capabilities: { extendedAgentCard: true },
      supportsAuthenticatedExtendedCard: true,
    });
    expect(await card('plain', '1.0')).toMatchObject({ capabilities: { extendedAgentCard: false } });
    expect(await card('plain', '0.3')).toMatchObject({ supportsAuthenticatedExtendedCard: false });
  });

  test('and nothing of what the more is', async () => {
    for (const version of ['1.0', '0.3', '2.0']) {
      expect(JSON.stringify(await card('desk', version))).not.toMatch(/refund|internal|All that/);
    }
  });

  test('a public agent names the schemes to ask for it with, and requires none', async () => {
    const pure = await card('open', '1.0');
    expect(pure).toHaveProperty('securitySchemes');
    expect(pure).not.toHaveProperty('securityRequirements');
    expect(await card('open', '0.3')).not.toHaveProperty('security');
  });
});

describe('CARD-EXT-002 there is none', () => {
  test('an agent without one refuses, each version in its own words', async () => {
    expect((await ask('plain', '1.0', keys.ann)).error?.code).toBe(-32004);
    expect((await ask('plain', '0.3', keys.ann)).error?.code).toBe(-32007);
  });
});

describe('CARD-EXT-001 who gets it', () => {
  test("an SDK client of v1.0, with signatures that the SDK's verifier takes", async () => {
    const client = await connectV1(cardUrl(gateway, 'desk'));
    const extended = await client.getAgentCard(undefined, sdkVerifier());
    expect(extended).toMatchObject({
      name: 'desk',
      description: extendedCard.description,
      documentationUrl: extendedCard.documentationUrl,
    });
    expect(skillIds(extended)).toEqual(['talk', 'refund']);
  });

  test('an SDK client of v0.3, signed', async () => {
    const client = await connectV03(cardUrl(gateway, 'desk'));
    const extended = await client.getAgentCard();
    expect(extended).toMatchObject({ description: extendedCard.description, protocolVersion: '0.3.0' });
    expect(skillIds(extended)).toEqual(['talk', 'refund']);
    const keySet = await fetchKeySet(`${gateway.url}/.well-known/jwks.json`);
    const good = await verifyWithJose({ ...extended }, keySet, (given) => canonicalJson(given as JsonObject));
    expect(good).toBe(1);
  });

  test.each(['1.0', '0.3'] as const)(
    'everybody with credentials, or who has the role: %s',
    async (version) => {
      expect(skillIds((await ask('desk', version, keys.ann)).result)).toEqual(['talk', 'refund']);
      expect(skillIds((await ask('open', version, keys.ann)).result)).toEqual(['talk', 'refund']);
      expect(skillIds((await ask('office', version, keys.manager)).result)).toEqual(['talk', 'refund']);
    },
  );

  test.each(['1.0', '0.3'] as const)('the others get the card itself: %s', async (version) => {
    expect((await ask('office', version, keys.ann)).result).toEqual(await card('office', version));
  });

  test.each(['1.0', '0.3'] as const)(
    'nobody without credentials, wherever else they are let in: %s',
    async (version) => {
      expect((await ask('open', version)).status).toBe(401);
      expect((await ask('desk', version)).status).toBe(401);
      const files = { 'desk.yaml': { ...agentFile('desk'), extendedCard } };
      const lenient = await startGateway({ files, env: { AUTH_ANONYMOUS: 'true' } });
      const refused = await ask('desk', version, undefined, lenient);
      await lenient.stop();
      expect(refused.status).toBe(401);
      expect(JSON.stringify(refused)).not.toContain('refund');
    },
  );
});

describe('an agent file', () => {
  test.each<[string, object, string]>([
    ['a skill of the card', { skills: [{ ...refund, id: 'talk' }] }, 'is a skill of the card already'],
    ['the same skill twice', { skills: [refund, refund] }, 'stands there twice'],
    ['an unknown role', { skills: [], roles: ['root'] }, 'extendedCard.roles'],
    ['a misspelt field', { skills: [], skils: [] }, 'skils'],
    ['no skills', { description: 'More.' }, 'skills'],
  ])('with %s in its extended card is refused', async (_what, written, reason) => {
    const files = { 'desk.yaml': { ...agentFile('desk'), extendedCard: written } };
    const started = await startGateway({ files });
    const known = started.agents.get('desk');
    await started.stop();
    expect(known).toBeUndefined();
    expect(started.logged()).toContain(reason);
  });
});
