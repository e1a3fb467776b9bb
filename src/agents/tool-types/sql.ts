import type { FilePath, Finding } from '../agent-file.ts';
import { sourceFindings } from '../data-permissions.ts';
import type { JsonSchema } from '../definition.ts';
import { asDraft2020, schemaProblem } from '../json-schema.ts';
import { closed, flag, objectSchema, text } from '../schema-parts.ts';
import { everyTool, type ToolDefinitionBase, type ToolType, type WrittenToolBase } from './tool-type.ts';

/**
 * A database under the agent's `dataPermissions`: a saved query, or, without one, SQL that the model writes.
 * A saved query has no more rights than the model's.
 */
export interface SqlToolDefinition extends ToolDefinitionBase {
  type: 'sql';
  /** Id of a data source. */
  source: string;
  /** The saved query: arguments are bound to `:name`, null where one is not given. */
  query?: string;
  /** JSON Schema of the arguments of a saved query. */
  parameters?: JsonSchema;
  /** Whether the model is shown a few values of each column, of tables without a row filter. */
  allowSamples: boolean;
  maxRows: number;
}

export type WrittenSqlTool = WrittenToolBase &
  Pick<SqlToolDefinition, 'type' | 'source' | 'query' | 'parameters'> &
  Partial<Pick<SqlToolDefinition, 'allowSamples' | 'maxRows'>>;

const defaultMaxRows = 100;

export const sqlToolType: ToolType<WrittenSqlTool, SqlToolDefinition> = {
  schema: closed(
    {
      ...everyTool,
      type: { const: 'sql' },
      source: text(64),
      query: text(20_000),
      parameters: objectSchema,
      allowSamples: flag,
      maxRows: { type: 'integer', minimum: 1, maximum: 1000 },
    },
    ['name', 'type', 'source'],
  ),
  findings: (tool, path, { dataSources, dataPermissions }) => [
    ...(dataSources.has(tool.source) && !Object.hasOwn(dataPermissions, tool.source)
      ? [notPermitted(tool, path)]
      : sourceFindings(tool.source, [...path, 'source'], dataSources)),
    ...parameterFindings(tool, path),
  ],
  define: async (tool) => ({
    definition: {
      sideEffects: false,
      allowSamples: false,
      maxRows: defaultMaxRows,
      ...tool,
      ...(tool.parameters && { parameters: asDraft2020(tool.parameters) }),
    },
  }),
};

function notPermitted({ source }: WrittenSqlTool, path: FilePath): Finding {
  const reason = `${JSON.stringify(source)} has no entry in execution.dataPermissions, so that no table of it is open`;
  return { path: [...path, 'source'], reason };
}

function parameterFindings({ query, parameters }: WrittenSqlTool, path: FilePath): Finding[] {
  if (!parameters) return [];
  const at = [...path, 'parameters'];
  if (query === undefined) return [{ path: at, reason: 'is only allowed with a saved query' }];
  const problem = schemaProblem(parameters);
  return problem ? [{ path: at, reason: `does not compile: ${problem}` }] : [];
}
