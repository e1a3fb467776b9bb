import { KnowledgeIndex } from '../knowledge/knowledge-index.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError, type Tool } from '../tool.ts';

/** A folder of documents, under the name that callers know it by. */
export interface KnowledgeBase {
  name: string;
  /** Absolute. */
  folder: string;
}

interface Passage {
  path: string;
  heading: string;
  text: string;
}

type Search = (query: string, limit: number) => Promise<readonly Passage[]>;

const defaultLimit = 5;

/**
 * `search_knowledge_base`: the best passages of one source, or of all of them in turn, as numbered excerpts:
 * `[1] <source>/<file> — <heading>`, and the passage on the next lines.
 */
export function createSearchKnowledgeBaseTool(bases: readonly KnowledgeBase[]): Tool {
  const sources = new Map(bases.map(({ name, folder }) => [name, searchOf(folder)]));
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
      const found = await Promise.all(
        asked.map(async (name) => await excerpts(name, sources.get(name)?.(query, limit))),
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

async function excerpts(source: string, search: ReturnType<Search> | undefined): Promise<string[]> {
  try {
    return ((await search) ?? []).map(({ path, heading, text }) => {
      const title = heading ? ` — ${heading}` : '';
      return `${source}/${path}${title}\n${text}`;
    });
  } catch (error) {
    throw new ToolError(`The documents of ${source} cannot be read.`, { cause: error });
  }
}

/** The one place that knows the index: made and read at the first search. */
function searchOf(folder: string): Search {
  const index = new KnowledgeIndex(folder);
  return async (query, limit) => await index.search(query, limit);
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
