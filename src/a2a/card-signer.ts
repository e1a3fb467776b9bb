import type { FlattenedSignature, SigningKeys } from '../auth/signing-keys.ts';
import type { JsonObject } from '../runs/message.ts';
import { canonicalJson } from './canonical-json.ts';

export type CardShape = 'v1' | 'v03' | 'combined';

/** Signs cards (spec §8.4) with the key that is current. */
export interface CardSigner {
  /** Names the current key: while it is the same, a card need not be signed again. */
  keyId(): Promise<string>;
  /** @param card without signatures */
  sign(card: JsonObject, shape: CardShape): Promise<FlattenedSignature[]>;
}

/** @param publicUrl base of the key set's address, which every signature names (`jku`) */
export function createCardSigner(
  keys: Pick<SigningKeys, 'current' | 'signFlattened'>,
  publicUrl: () => string,
): CardSigner {
  return {
    async keyId() {
      return (await keys.current()).kid;
    },
    async sign(card, shape) {
      const header = { jku: `${publicUrl().replace(/\/+$/, '')}/.well-known/jwks.json` };
      const payloads = await canonicalForms(card, shape);
      return await Promise.all(
        payloads.map(async (payload) => await keys.signFlattened(Buffer.from(payload), header)),
      );
    },
  };
}

/**
 * What verifiers of the card compute, each form once. The card's own canonical form comes first. Clients of v1.0
 * built on the SDK compute another one in some cases, so each of these gets a signature of its own:
 * - The SDK drops what it does not know, of the combined card all that belongs to v0.3, and whatever is empty.
 * - It drops the security schemes too when it is given the card as its own resolver has read it.
 */
async function canonicalForms(card: JsonObject, shape: CardShape): Promise<string[]> {
  const own = canonicalJson(card);
  if (shape === 'v03') return [own];
  // Loaded with the first card: it costs start-up time.
  const { AgentCard, canonicalizeAgentCard } = await import('@a2a-js/sdk');
  const parsed = AgentCard.fromJSON(card);
  return [
    ...new Set([own, canonicalizeAgentCard(card as unknown as typeof parsed), canonicalizeAgentCard(parsed)]),
  ];
}
