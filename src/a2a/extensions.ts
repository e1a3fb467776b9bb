import type { AgentRevision, DeclaredExtension } from '../agents/definition.ts';
import {
  contextValueSchema,
  declaresContextValues,
  PROVIDED_VALUES_URI,
  requiresContextValues,
} from '../agents/context-values.ts';
import { Problem } from '../http/problem.ts';
import { invalidField } from './params.ts';

export { PROVIDED_VALUES_URI } from '../agents/context-values.ts';
export const CONVERSATION_HISTORY_URI = 'urn:a2a-gateway:ext:conversation-history:v1';

const maxRequested = 100;

/** JSON Schema of the data part that carries a conversation; also what the card publishes. */
export const conversationHistorySchema = {
  type: 'object',
  required: ['conversationHistory'],
  properties: {
    conversationHistory: {
      type: 'array',
      maxItems: 200,
      items: {
        type: 'object',
        required: ['by', 'text'],
        properties: {
          by: { type: 'string', enum: ['USER', 'AI'] },
          text: { type: 'string', maxLength: 100_000 },
        },
      },
    },
  },
};

const declaredByRevision = new WeakMap<AgentRevision, readonly DeclaredExtension[]>();

/**
 * The extensions of an agent (spec §4.6): the gateway's own first, then those of its card. Every request
 * asks, so they are made once for each revision.
 */
export function declaredExtensions(revision: AgentRevision): readonly DeclaredExtension[] {
  const known = declaredByRevision.get(revision) ?? makeExtensions(revision);
  declaredByRevision.set(revision, known);
  return known;
}

function makeExtensions(revision: AgentRevision): DeclaredExtension[] {
  const own: DeclaredExtension[] = [];
  if (declaresContextValues(revision)) {
    own.push({
      uri: PROVIDED_VALUES_URI,
      description: 'Data parts whose metadata marks them with this URI provide context values.',
      required: requiresContextValues(revision),
      params: { schema: contextValueSchema(revision) },
    });
  }
  own.push({
    uri: CONVERSATION_HISTORY_URI,
    description: 'A data part carries the conversation so far in place of the stored one.',
    required: false,
    params: { schema: conversationHistorySchema },
  });
  const taken = new Set(own.map(({ uri }) => uri));
  return [...own, ...revision.definition.card.extensions.filter(({ uri }) => !taken.has(uri))];
}

/**
 * Which extensions count for a request: the requested ones that the agent declares, in the order asked for.
 * `requestedHeaders` are the values of both versions' headers; unknown URIs are ignored.
 * @throws Problem('invalid_request')
 * for more than 100 URIs.
 */
export function activate(
  requestedHeaders: readonly (string | string[] | undefined)[],
  declared: readonly DeclaredExtension[],
): { activated: string[] } {
  const requested = new Set(
    requestedHeaders
      .flatMap((header) => header ?? [])
      .flatMap((header) => header.split(','))
      .map((uri) => uri.trim())
      .filter(Boolean),
  );
  if (requested.size > maxRequested) {
    throw invalidField('A2A-Extensions', `must not name more than ${maxRequested} extensions`);
  }
  const known = new Set(declared.map(({ uri }) => uri));
  return { activated: [...requested].filter((uri) => known.has(uri)) };
}

/**
 * Refuses what would start a run without an extension that the agent requires (spec §3.3.4); what only reads
 * or cancels needs none.
 * @throws Problem('extension_required') naming it.
 */
export function requireExtensions(
  activated: readonly string[],
  declared: readonly DeclaredExtension[],
): void {
  const missing = declared.find(({ uri, required }) => required && !activated.includes(uri));
  if (!missing) return;
  throw new Problem(
    'extension_required',
    `This agent requires the extension ${missing.uri}: name it in the A2A-Extensions header.`,
    { details: { extension: missing.uri } },
  );
}
