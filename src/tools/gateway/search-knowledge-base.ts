import { excerptOf } from '../knowledge/describe-hits.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import type { KnowledgeToolDependencies } from '../knowledge/knowledge-tool.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError, type Tool } from '../tool.ts';

/** A folder of documents, under the name that callers know it by. */
export interface KnowledgeBase {
  name: string;
  /** Absolute. */
  folder: string;
}

const defaultLimit = 5;

/**
 * `search_knowledge_base`: the best passages of one source, or of all of them in turn, as numbered excerpts:
 * `[1] <source>/<file>:<lines> — <heading>`, and the passage on the next lines.
 */
export function createSearchKnowledgeBaseTool(
  bases: readonly KnowledgeBase[],
  { knowledge }: KnowledgeToolDependencies,
): Tool {
  const sources = new Map(bases.map(({ name, folder }) => [name, knowledge.open({ folder })]));
  const names = [...sources.keys()];
  const parameters = searchParameters(names);
  return {
    name: 'search_knowledge_base',
    description: `Searches the operator's documents: ${names.join(', ')}.`,
    parameters,
    sideEffects: false,
    validate: compileParameters(parameters),
    execute: async (call) => {
      const {
        query,
        source,
        limit = defaultLimit,
      } = call.arguments as {
        query: string;
        source?: string;
        limit?: number;
      };
      const asked = source === undefined ? names : [source];
      const search = { query, limit, signal: call.signal };
      const found = await Promise.all(
        asked.map(async (name) => await excerpts(name, sources.get(name), search)),
      );
      return described(inTurn(found).slice(0, limit), query);
    },
  };
}

function searchParameters(names: readonly string[]) {
  return {
    type: 'object',
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 1000, description: 'The words to look for.' },
      source: { type: 'string', enum: names, description: 'Where to look; without it: everywhere.' },
      limit: { type: 'integer', minimum: 1, maximum: 20, description: 'How many passages at most.' },
    },
    required: ['query'],
    additionalProperties: false,
  };
}

async function excerpts(
  source: string,
  knowledge: Knowledge | undefined,
  { query, limit, signal }: { query: string; limit: number; signal: AbortSignal },
): Promise<string[]> {
  try {
    const answer = await knowledge?.search(query, { limit, signal });
    return (answer?.hits ?? []).map((hit) => excerptOf(hit, source));
  } catch (error) {
    signal.throwIfAborted();
    throw new ToolError(`The documents of ${source} cannot be read.`, { cause: error });
  }
}

/** The best of each source first, then the second best of each: their ranks compare, their scores do not. */
function inTurn<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, rank) =>
    lists.flatMap((list) => list.slice(rank, rank + 1)),
  ).flat();
}

function described(excerpts: readonly string[], query: string): { text: string; summary: string } {
  if (excerpts.length === 0) return { text: `Nothing matches "${query}".`, summary: 'no passages found' };
  const text = excerpts.map((excerpt, position) => `[${position + 1}] ${excerpt}`).join('\n\n');
  return { text, summary: `${excerpts.length} passages found` };
}
