import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FilePath, Finding } from '../agent-file.ts';
import { closed, flag, list, matching, oneOf, text } from '../schema-parts.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** Search over a folder of the operator's. */
export interface KnowledgeToolDefinition extends ToolDefinitionBase {
  type: 'knowledge';
  /** The folder, resolved to an absolute path at load (relative to the agent file's folder). */
  source: string;
  topK: number;
  /** Whether typing errors are forgiven; default: yes. */
  fuzzy?: boolean;
  /** Fields that the model may filter by. */
  filters?: Record<string, KnowledgeFilter>;
  /** Fields that every passage must have like this, whatever the model asks. */
  where?: WrittenWhere;
  /** An OpenAI-compatible endpoint (`<baseUrl>/embeddings`) for searches by meaning beside those by words. */
  embeddings?: KnowledgeEmbeddings;
}

export interface KnowledgeFilter {
  type: 'string' | 'number' | 'boolean' | 'date';
  /** The only values that there are. */
  values?: (string | number)[];
  description?: string;
}

type FixedValue = string | number | boolean;
export type WrittenWhere = Record<string, FixedValue | FixedValue[] | { context: string }>;

export interface KnowledgeEmbeddings {
  baseUrl: string;
  model: string;
  apiKey?: { env: string };
  dimensions?: number;
  /** Cosine that a passage must reach to be found by its meaning alone. */
  leastSimilarity?: number;
}

export type WrittenKnowledgeTool = WrittenToolBase &
  Pick<KnowledgeToolDefinition, 'type' | 'source' | 'fuzzy' | 'filters' | 'where' | 'embeddings'> &
  Partial<Pick<KnowledgeToolDefinition, 'topK'>>;

const defaultTopK = 5;

const fieldName = matching(
  '^(?!__)[\\p{L}_][\\p{L}\\p{N}_ .-]{0,63}$',
  'a field name of at most 64 characters',
);

const filter = closed(
  {
    type: oneOf('string', 'number', 'boolean', 'date'),
    values: { ...list({ type: ['string', 'number'], maxLength: 256 }), minItems: 1, uniqueItems: true },
    description: text(512),
  },
  ['type'],
);

const fixedValue = { type: ['string', 'number', 'boolean'], maxLength: 256 };

const where = {
  type: 'object',
  maxProperties: 20,
  propertyNames: fieldName,
  additionalProperties: {
    ...fixedValue,
    ...list(fixedValue),
    ...closed({ context: text(64) }, ['context']),
    type: ['string', 'number', 'boolean', 'array', 'object'],
    minItems: 1,
  },
};

const embeddings = closed(
  {
    baseUrl: matching('^https?://[^/]', 'an http(s) address', 2048),
    model: text(128),
    apiKey: closed(
      { env: matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', 128) },
      ['env'],
    ),
    dimensions: { type: 'integer', minimum: 8, maximum: 4096 },
    leastSimilarity: { type: 'number', minimum: -1, maximum: 1 },
  },
  ['baseUrl', 'model'],
);

export const knowledgeToolType: ToolType<WrittenKnowledgeTool, KnowledgeToolDefinition> = {
  schema: closed(
    {
      ...everyTool,
      type: { const: 'knowledge' },
      source: text(1024),
      topK: { type: 'integer', minimum: 1, maximum: 50 },
      fuzzy: flag,
      filters: {
        type: 'object',
        minProperties: 1,
        maxProperties: 20,
        propertyNames: fieldName,
        additionalProperties: filter,
      },
      where,
      embeddings,
    },
    ['name', 'type', 'source'],
  ),
  findings: (tool, path, { variables }) => [
    ...filterFindings(tool, [...path, 'filters']),
    ...whereFindings(tool, [...path, 'where'], variableNames(variables)),
    ...embeddingsFindings(tool, [...path, 'embeddings', 'baseUrl']),
  ],
  async define(tool, folder) {
    const source = resolve(folder, tool.source);
    if (!(await isDirectory(source))) {
      const reason = `${JSON.stringify(tool.source)} is not a folder that exists (seen from the agent file)`;
      return { finding: { path: ['source'], reason } };
    }
    return { definition: { sideEffects: false, topK: defaultTopK, ...tool, source } };
  },
};

/** Values that no argument of the filter's type could ever have. */
function filterFindings({ filters = {} }: WrittenKnowledgeTool, path: FilePath): Finding[] {
  return Object.entries(filters).flatMap(([field, { type, values = [] }]) => {
    const expected = type === 'number' ? 'number' : 'string';
    if (type !== 'boolean' && values.every((value) => typeof value === expected)) return [];
    if (values.length === 0) return [];
    return [{ path: [...path, field, 'values'], reason: `must be of the filter's type, ${type}` }];
  });
}

function whereFindings(
  { where: conditions = {} }: WrittenKnowledgeTool,
  path: FilePath,
  variables: ReadonlySet<string>,
): Finding[] {
  return Object.entries(conditions).flatMap(([field, wanted]) => {
    if (typeof wanted !== 'object' || !('context' in wanted) || variables.has(wanted.context)) return [];
    const reason = `${JSON.stringify(wanted.context)} is not a declared context variable`;
    return [{ path: [...path, field], reason }];
  });
}

function embeddingsFindings({ embeddings: endpoint }: WrittenKnowledgeTool, path: FilePath): Finding[] {
  if (!endpoint) return [];
  const url = URL.parse(endpoint.baseUrl);
  if (!url) return [{ path, reason: 'is not a valid address' }];
  if (!url.username && !url.password && !url.search) return [];
  return [{ path, reason: 'must not hold a user name, password or query: use apiKey: {env: NAME}' }];
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
