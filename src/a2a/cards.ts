import { createHash } from 'node:crypto';
import type { AgentRevision, PublishedCard } from '../agents/definition.ts';
import type { FlattenedSignature } from '../auth/signing-keys.ts';
import type { ServedDocument } from '../http/conditional-get.ts';
import type { JsonObject } from '../runs/message.ts';
import type { CardContent } from './card-content.ts';
import { supportedInterfaces, type GrpcEndpoint } from './card-interfaces.ts';
import type { CardShape } from './card-signer.ts';
import { cardV03 } from './card-v03.ts';
import { cardV1 } from './card-v1.ts';
import { declaredExtensions } from './extensions.ts';
import { codecOf, namedVersion } from './versions.ts';
import type { ProtocolVersion } from './wire.ts';

export interface CardOptions {
  /** Base of every URL in the card. */
  publicUrl: string;
  /** Whether callers without credentials are let in everywhere (AUTH_ANONYMOUS); default false. */
  anonymousAllowed?: boolean;
  /** Whether the gateway sends push notifications; default false. */
  pushOn?: boolean;
  /** Undefined: no gRPC. */
  grpc?: GrpcEndpoint | undefined;
}

/**
 * One card as it is served. Its ETag hashes the card without signatures and names the key that signed it: replicas
 * that share the key agree, and whoever revalidates gets the new signature before the old key is gone.
 */
export interface CardDocument extends ServedDocument {
  /** What the body says. */
  card: JsonObject;
  /** HTTP date of the revision's last change. */
  lastModified: string;
}

/** The shapes of a card; `combined` is the v0.3 one with `supportedInterfaces` beside it, for clients of both versions. */
export type AgentCards = Record<CardShape, CardDocument>;

/**
 * The three cards of a revision (spec §4.4, §8), without signatures.
 * @param published what the card says of the agent; default: what the agent's own card says
 */
export function buildCards(
  revision: AgentRevision,
  options: CardOptions,
  published: PublishedCard = revision.definition.card,
): AgentCards {
  const { card, extendedCard, execution } = revision.definition;
  const content: CardContent = {
    published,
    capabilities: {
      streaming: card.capabilities.streaming,
      pushNotifications: card.capabilities.pushNotifications && options.pushOn === true,
      extendedAgentCard: extendedCard !== undefined,
    },
    interfaces: supportedInterfaces(options.publicUrl, revision.id, options.grpc),
    extensions: declaredExtensions(revision),
    credentialsRequired: execution.access !== 'public' && !options.anonymousAllowed,
  };
  const v03 = cardV03(content);
  return {
    v1: document(cardV1(content), revision),
    v03: document(v03, revision),
    combined: document(combined(v03, content), revision),
  };
}

/** The document with signatures (spec §4.4.7); v0.3 has the same member. */
export function withSignatures(
  document: CardDocument,
  signatures: readonly FlattenedSignature[],
  keyId: string,
): CardDocument {
  const card: JsonObject = {
    ...document.card,
    signatures: signatures.map((signature) => ({ ...signature })),
  };
  const etag = `${document.etag.slice(0, -1)}.${keyId}"`;
  return { ...document, card, body: JSON.stringify(card), etag };
}

/**
 * The card for a request, by the version in its header, else in its query. A version that is not supported
 * counts as none, since the card is where a client learns which ones are.
 */
export function chooseCard(
  cards: AgentCards,
  header: string | undefined,
  query: string | undefined,
  defaultVersion: ProtocolVersion,
): CardDocument {
  const version = codecOf(namedVersion(header, query) ?? '')?.version;
  if (version === '0.3') return cards.v03;
  return version === '1.0' || defaultVersion === '1.0' ? cards.v1 : cards.combined;
}

function combined(v03: JsonObject, { interfaces, capabilities }: CardContent): JsonObject {
  return {
    ...v03,
    // Where clients of v1.0 look for it.
    ...(capabilities.extendedAgentCard && {
      capabilities: { ...(v03['capabilities'] as JsonObject), extendedAgentCard: true },
    }),
    supportedInterfaces: interfaces as unknown as JsonObject[],
  };
}

function document(card: JsonObject, revision: AgentRevision): CardDocument {
  const body = JSON.stringify(card);
  return {
    card,
    body,
    etag: `"${createHash('sha256').update(body).digest('hex')}"`,
    lastModified: new Date(revision.updatedAt).toUTCString(),
  };
}
