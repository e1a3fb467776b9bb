import { createHash } from 'node:crypto';
import type { AgentDefinition, AgentRevision } from './definition.ts';

/**
 * The revision of a definition. An unchanged definition is the previous revision itself, so callers compare
 * by identity.
 */
export function makeRevision(
  definition: AgentDefinition,
  previous: AgentRevision | undefined,
  now: Date,
): AgentRevision {
  const revision = createHash('sha256').update(canonicalJson(definition)).digest('hex').slice(0, 12);
  if (previous?.revision === revision) return previous;
  const at = now.toISOString();
  return { id: definition.id, revision, definition, createdAt: previous?.createdAt ?? at, updatedAt: at };
}

/** JSON with sorted property names: equal values give equal texts, however they were written. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
