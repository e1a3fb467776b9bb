import { verifyAgentCardSignature, type AgentCard } from '@a2a-js/sdk';
import { createLocalJWKSet, decodeProtectedHeader, flattenedVerify, type JSONWebKeySet } from 'jose';

type RetrieveKey = Parameters<typeof verifyAgentCardSignature>[0];

/** The SDK's own verifier over the gateway's key set, which it finds by the signature's `jku`. */
export function sdkVerifier(): ReturnType<typeof verifyAgentCardSignature> {
  return verifyAgentCardSignature(async (kid, jku) => keyIn(await fetchKeySet(jku ?? ''), kid));
}

/** The SDK's own verifier over a key set at hand. */
export function sdkVerifierOver(keySet: JSONWebKeySet): ReturnType<typeof verifyAgentCardSignature> {
  return verifyAgentCardSignature(async (kid) => keyIn(keySet, kid));
}

/** A card's JSON as the SDK's type says it: its resolver hands on some cards just as they came. */
export function asSdkCard(card: unknown): AgentCard {
  return card as AgentCard;
}

/**
 * A verifier that takes the card as it came, in the canonical form of RFC 8785 (spec §8.4.3), with jose.
 * @returns how many of the signatures are good
 */
export async function verifyWithJose(
  card: Record<string, unknown>,
  keySet: JSONWebKeySet,
  canonicalize: (card: Record<string, unknown>) => string,
): Promise<number> {
  const { signatures, ...content } = card;
  const payload = Buffer.from(canonicalize(content)).toString('base64url');
  const checks = (signatures as { protected: string; signature: string }[]).map(
    async (signature) => await flattenedVerify({ ...signature, payload }, createLocalJWKSet(keySet)),
  );
  const results = await Promise.allSettled(checks);
  return results.filter(({ status }) => status === 'fulfilled').length;
}

export function protectedHeaders(card: Record<string, unknown>): Record<string, unknown>[] {
  return (card['signatures'] as { protected: string }[]).map((signature) => ({
    ...decodeProtectedHeader(signature),
  }));
}

export async function fetchKeySet(url: string): Promise<JSONWebKeySet> {
  return (await (await fetch(url)).json()) as JSONWebKeySet;
}

function keyIn({ keys }: JSONWebKeySet, kid: string): Awaited<ReturnType<RetrieveKey>> {
  const key = keys.find((candidate) => candidate.kid === kid);
  if (!key) throw new Error(`There is no key ${kid}.`);
  return key;
}
