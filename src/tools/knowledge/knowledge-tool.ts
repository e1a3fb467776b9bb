import { basename } from 'node:path';
import type { KnowledgeToolDefinition } from '../../agents/tool-types/knowledge.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError } from '../tool.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import type { Wanted } from './conditions.ts';
import { describeHits } from './describe-hits.ts';
import { argumentConditions, filtersSchema, fixedConditions } from './knowledge-filters.ts';
import type { Knowledge, KnowledgeAnswer, KnowledgeQuery } from './knowledge.ts';
import type { KnowledgeLibrary } from './knowledge-library.ts';

interface SearchArguments {
  query: string;
  limit?: number;
  filters?: Record<string, Wanted>;
}

export interface KnowledgeToolDependencies {
  knowledge: Pick<KnowledgeLibrary, 'open'>;
}

/**
 * A tool that searches the documents of a folder. Nothing is read before its first use.
 * Its result is numbered excerpts: `[1] <folder>/<file>:<first>-<last line> — <heading>`, and the passage on the next
 * lines.
 */
export function createKnowledgeTool(
  definition: KnowledgeToolDefinition,
  deps: KnowledgeToolDependencies,
): Tool {
  const { name, source, embeddings, timeoutSeconds } = definition;
  const knowledge = deps.knowledge.open({ folder: source, ...(embeddings && { embeddings }) });
  const parameters = parametersOf(definition);
  return {
    name,
    description: definition.description ?? `Searches the documents in ${basename(source)}.`,
    parameters,
    sideEffects: definition.sideEffects ?? false,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    validate: compileParameters(parameters),
    execute: (call) => execute(definition, knowledge, call),
  };
}

function parametersOf({ filters }: KnowledgeToolDefinition): Tool['parameters'] {
  return {
    type: 'object',
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 1000, description: 'The words to look for.' },
      limit: { type: 'integer', minimum: 1, maximum: 20, description: 'How many passages at most.' },
      ...(filters && { filters: filtersSchema(filters) }),
    },
    required: ['query'],
    additionalProperties: false,
  };
}

async function execute(
  definition: KnowledgeToolDefinition,
  knowledge: Knowledge,
  { arguments: given, context, signal }: ToolCall,
): Promise<ToolResult> {
  const { query, limit, filters = {} } = given as unknown as SearchArguments;
  const { where = {}, fuzzy = true, embeddings, topK } = definition;
  const conditions = [
    ...fixedConditions(where, context),
    ...argumentConditions(definition.filters ?? {}, filters),
  ];
  const least = embeddings?.leastSimilarity;
  const options: KnowledgeQuery = {
    limit: limit ?? topK,
    conditions,
    fuzzy,
    signal,
    ...(least !== undefined && { leastSimilarity: least }),
  };
  const folder = basename(definition.source);
  const answer = await untilAborted(search(knowledge, folder, { query, options }), signal);
  return describeHits(answer, { query, folder });
}

async function search(
  knowledge: Knowledge,
  folder: string,
  { query, options }: { query: string; options: KnowledgeQuery },
): Promise<KnowledgeAnswer> {
  try {
    return await knowledge.search(query, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ToolError(`The documents in ${folder} cannot be read.`, { cause: error });
  }
}

/** The first build of a large folder takes a while, and goes on for the others who wait for it. */
async function untilAborted<Value>(work: Promise<Value>, signal: ToolCall['signal']): Promise<Value> {
  const listening = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { signal: listening.signal });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    listening.abort();
  }
}
