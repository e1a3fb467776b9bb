import { basename } from 'node:path';
import type { KnowledgeToolDefinition } from '../../agents/tool-types/knowledge.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError } from '../tool.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import { KnowledgeIndex } from './knowledge-index.ts';
import type { FoundPassage } from './knowledge-index.ts';

const parameters = {
  type: 'object',
  properties: {
    query: { type: 'string', minLength: 1, maxLength: 1000, description: 'The words to look for.' },
    limit: { type: 'integer', minimum: 1, maximum: 20, description: 'How many passages at most.' },
  },
  required: ['query'],
  additionalProperties: false,
} as const;

/**
 * A tool that searches the Markdown, text and JSON files of a folder. Nothing is read before its first use.
 * Its result is numbered excerpts: `[1] <folder>/<file> — <heading>`, and the passage on the next lines.
 */
export function createKnowledgeTool(definition: KnowledgeToolDefinition): Tool {
  const { name, source, topK, timeoutSeconds } = definition;
  const index = new KnowledgeIndex(source);
  return {
    name,
    description: definition.description ?? `Searches the documents in ${basename(source)}.`,
    parameters,
    sideEffects: definition.sideEffects ?? false,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    validate: compileParameters(parameters),
    execute: async (call) => {
      const { query, limit } = call.arguments as { query: string; limit?: number };
      const passages = await untilAborted(
        search(index, { query, limit: limit ?? topK, source }),
        call.signal,
      );
      return describePassages(passages, { query, folder: basename(source) });
    },
  };
}

async function search(
  index: KnowledgeIndex,
  { query, limit, source }: { query: string; limit: number; source: string },
): Promise<FoundPassage[]> {
  try {
    return await index.search(query, limit);
  } catch (error) {
    throw new ToolError(`The documents in ${basename(source)} cannot be read.`, { cause: error });
  }
}

function describePassages(
  passages: readonly FoundPassage[],
  { query, folder }: { query: string; folder: string },
): ToolResult {
  if (passages.length === 0) {
    return { text: `Nothing in ${folder} matches "${query}".`, summary: 'No passages found' };
  }
  const excerpts = passages.map(({ path, heading, text }, position) => {
    const title = heading ? ` — ${heading}` : '';
    return `[${position + 1}] ${folder}/${path}${title}\n${text}`;
  });
  const count = passages.length === 1 ? '1 passage found' : `${passages.length} passages found`;
  return { text: excerpts.join('\n\n'), summary: count };
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
