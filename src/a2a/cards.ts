import { createHash } from 'node:crypto';
import type { AgentRevision } from '../agents/definition.ts';
import type { CardContent } from './card-content.ts';
import { supportedInterfaces, type GrpcEndpoint } from './card-interfaces.ts';
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
  /** Undefined: no gRPC. */
  grpc?: GrpcEndpoint | undefined;
}

/** One card as it is served. */
export interface CardDocument {
  /** JSON text. */
  body: string;
  /** Quoted SHA-256 of the card without signatures: the same on every replica. */
  etag: string;
  /** HTTP date of the revision's last change. */
  lastModified: string;
}

export interface AgentCards {
  v1: CardDocument;
  v03: CardDocument;
  /** The v0.3 shape with `supportedInterfaces` beside it, which clients of both versions read. */
  combined: CardDocument;
}

/** The three cards of a revision (spec §4.4, §8): pure, so made once for each revision. */
export function buildCards(revision: AgentRevision, options: CardOptions): AgentCards {
  const { card, execution } = revision.definition;
  const content: CardContent = {
    published: card,
    interfaces: supportedInterfaces(options.publicUrl, revision.id, options.grpc),
    extensions: declaredExtensions(revision),
    credentialsRequired: execution.access !== 'public' && !options.anonymousAllowed,
  };
  const v03 = cardV03(content);
  return {
    v1: document(cardV1(content), revision),
    v03: document(v03, revision),
    combined: document({ ...v03, supportedInterfaces: content.interfaces }, revision),
  };
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

function document(card: Record<string, unknown>, revision: AgentRevision): CardDocument {
  const body = JSON.stringify(card);
  return {
    body,
    etag: `"${createHash('sha256').update(body).digest('hex')}"`,
    lastModified: new Date(revision.updatedAt).toUTCString(),
  };
}
