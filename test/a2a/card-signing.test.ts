import { randomBytes } from 'node:crypto';
import { AgentCard, canonicalizeAgentCard } from '@a2a-js/sdk';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { canonicalJson } from '../../src/a2a/canonical-json.ts';
import { CardCatalog } from '../../src/a2a/card-catalog.ts';
import { createCardSigner } from '../../src/a2a/card-signer.ts';
import { buildCards } from '../../src/a2a/cards.ts';
import { SigningKeys } from '../../src/auth/signing-keys.ts';
import type { AgentRevision } from '../../src/agents/definition.ts';
import type { JsonObject } from '../../src/runs/message.ts';
import { SecretBox } from '../../src/runs/secret-box.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteSigningKeyStore } from '../../src/stores/sqlite/signing-key-store.ts';
import { asSdkCard, protectedHeaders, sdkVerifierOver, verifyWithJose } from '../support/card-verifier.ts';
import { agentRevision, requestVariable } from './agent-revision.ts';

const publicUrl = 'https://agents.example/gateway';
const day = 24 * 3600 * 1000;

/** With something of everything that a card may say. */
const rich = agentRevision({
  card: {
    iconUrl: 'https://acme.example/icon.png',
    skills: [
      {
        id: 'a',
        name: 'A',
        description: 'Does a.',
        tags: ['a'],
        examples: [],
        inputModes: [],
        outputModes: [],
      },
      { id: 'b', name: 'B', description: 'Does b – ünïcode.', tags: ['b'], inputModes: ['text/plain'] },
    ],
    extensions: [
      { uri: 'urn:x:one', required: true },
      { uri: 'urn:x:two', params: { level: 3, deep: { b: 1, a: 2 } } },
    ],
  },
  execution: { contextVariables: [requestVariable('customer_id')] },
});
const open = agentRevision({ execution: { access: 'public' } });
/** Says things that are empty, where the SDK leaves them out and the specification does not. */
const odd = agentRevision({
  card: {
    skills: [{ id: 'a', name: 'A', description: 'Does a.', tags: [] }],
    extensions: [{ uri: 'urn:x:one', params: { schema: {}, names: [], text: '' } }],
  },
});
const revisions: [string, AgentRevision][] = [
  ['a rich card', rich],
  ['a card without security', open],
  ['a card with empty values', odd],
];

// The SDK's verifier tells there of every signature that was for another form.
jest.spyOn(console, 'debug').mockReturnValue();

let database: ReturnType<typeof openDatabase>;
let time: number;
let keys: SigningKeys;
let catalog: CardCatalog;
beforeEach(async () => {
  time = Date.UTC(2026, 10, 25);
  database = openDatabase(':memory:');
  keys = await SigningKeys.open({
    store: new SqliteSigningKeyStore(database),
    secretBox: new SecretBox(randomBytes(32)),
    now: () => time,
  });
  catalog = new CardCatalog({
    signer: createCardSigner(keys, () => publicUrl),
    card: () => ({ publicUrl }),
  });
});
afterEach(() => database.close());

describe('CARD-SIGN-001 the canonical form', () => {
  test.each([
    ['a rich card', rich],
    ['a card without security', open],
  ])("of %s is the SDK's, byte for byte", (_what, revision) => {
    const { card } = buildCards(revision, { publicUrl }).v1;
    expect(canonicalJson(card)).toBe(canonicalizeAgentCard(asSdkCard(card)));
  });

  test('holds nothing that ProtoJSON would leave out', () => {
    expect(buildCards(rich, { publicUrl }).v1.body).not.toMatch(/\[\]|\{\}|""|"required":false/);
  });
});

describe('CARD-SIGN-003 the protected header', () => {
  test('names the algorithm, the key and where it is published', async () => {
    const { v1, v03, combined } = await catalog.cardsOf(rich);
    for (const { card } of [v1, v03, combined]) {
      for (const header of protectedHeaders(card)) {
        expect(header).toEqual({
          alg: 'ES256',
          typ: 'JOSE',
          kid: (await keys.current()).kid,
          jku: `${publicUrl}/.well-known/jwks.json`,
        });
      }
      for (const signature of card['signatures'] as object[]) {
        expect(Object.keys(signature)).toEqual(['protected', 'signature']);
      }
    }
  });
});

describe('CARD-SIGN-002 the signatures, over the card without them', () => {
  test.each(revisions)('of %s are good for every verifier', async (_what, revision) => {
    const keySet = await keys.publishedJwks();
    const verify = sdkVerifierOver(keySet);
    const { v1, v03, combined } = await catalog.cardsOf(revision);
    for (const { card, body } of [v1, v03, combined]) {
      expect(JSON.parse(body)).toEqual(card);
      expect(await verifyWithJose(card, keySet, (content) => canonicalJson(content as JsonObject))).toBe(1);
    }
    for (const { card } of [v1, combined]) {
      await verify(asSdkCard(card));
      // As the SDK's resolver and transports hand it on.
      await verify(AgentCard.fromJSON(card));
    }
  });

  test('are as many as there are forms', async () => {
    const count = async (revision: AgentRevision): Promise<number[]> => {
      const { v1, v03, combined } = await catalog.cardsOf(revision);
      return [v1, v03, combined].map(({ card }) => (card['signatures'] as object[]).length);
    };
    // The SDK loses the security schemes of a card that it has read itself.
    expect(await count(rich)).toEqual([2, 1, 2]);
    expect(await count(open)).toEqual([1, 1, 2]);
  });

  test.each<[string, (card: Record<string, unknown>) => void]>([
    ['another name', (card) => (card['name'] = 'Order desk!')],
    [
      'another address',
      (card) => ((card['supportedInterfaces'] as { url: string }[])[0] = { url: 'https://evil.example' }),
    ],
    [
      'a further skill',
      (card) => (card['skills'] as object[]).push({ id: 'x', name: 'X', description: 'X', tags: ['x'] }),
    ],
    ['no required credentials', (card) => delete card['securityRequirements']],
    ['no signature', (card) => (card['signatures'] = [])],
  ])('fail with %s', async (_what, tamper) => {
    const keySet = await keys.publishedJwks();
    const card = structuredClone((await catalog.cardsOf(rich)).v1.card) as Record<string, unknown>;
    tamper(card);
    await expect(sdkVerifierOver(keySet)(asSdkCard(card))).rejects.toThrow();
    await expect(sdkVerifierOver(keySet)(AgentCard.fromJSON(card))).rejects.toThrow();
    expect(await verifyWithJose(card, keySet, (content) => canonicalJson(content as JsonObject))).toBe(0);
  });

  test('of another card do not fit', async () => {
    const { signatures = null } = (await catalog.cardsOf(open)).v1.card;
    const card = { ...(await catalog.cardsOf(rich)).v1.card, signatures };
    const verify = sdkVerifierOver(await keys.publishedJwks());
    await expect(verify(asSdkCard(card))).rejects.toThrow('No valid signatures');
  });

  test('are made once for each revision, however many ask', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, async () => await catalog.cardsOf(rich)));
    for (const cards of asked) expect(cards).toBe(asked[0]);
    expect(await catalog.cardsOf(rich)).toBe(asked[0]);
    expect(await catalog.cardsOf(structuredClone(rich))).not.toBe(asked[0]);
  });
});

describe('CARD-SIGN-004 after a rotation', () => {
  test('cards carry the new key; a card from before verifies until the overlap ends', async () => {
    const before = await catalog.cardsOf(rich);
    const { kid } = await keys.rotate();
    const after = await catalog.cardsOf(rich);
    expect(protectedHeaders(after.v1.card).map((header) => header['kid'])).toEqual([kid, kid]);
    for (const shape of ['v1', 'v03', 'combined'] as const) {
      expect(after[shape].etag).not.toBe(before[shape].etag);
      expect(after[shape].body).not.toBe(before[shape].body);
    }
    const verify = async (card: JsonObject): Promise<void> =>
      await sdkVerifierOver(await keys.publishedJwks())(AgentCard.fromJSON(card));
    time += 7 * day - 1;
    await verify(before.v1.card);
    await verify(after.v1.card);
    time += 1;
    await expect(verify(before.v1.card)).rejects.toThrow('No valid signatures');
    await verify(after.v1.card);
  });
});

describe('CARD-CACHE-002 the ETag', () => {
  test('is that of the card without signatures, with the key that signed it', async () => {
    const plain = buildCards(rich, { publicUrl });
    const signed = await catalog.cardsOf(rich);
    const { kid } = await keys.current();
    for (const shape of ['v1', 'v03', 'combined'] as const)
      expect(signed[shape].etag).toBe(plain[shape].etag.replace(/"$/, `.${kid}"`));
  });
});

test('a store that fails once does not fail for ever', async () => {
  let broken = true;
  const signer = createCardSigner(keys, () => publicUrl);
  const flaky = new CardCatalog({
    card: () => ({ publicUrl }),
    signer: {
      ...signer,
      sign: async (card, shape) => {
        if (broken) throw new Error('not now');
        return await signer.sign(card, shape);
      },
    },
  });
  await expect(flaky.cardsOf(rich)).rejects.toThrow('not now');
  broken = false;
  expect((await flaky.cardsOf(rich)).v1.card).toHaveProperty('signatures');
});
