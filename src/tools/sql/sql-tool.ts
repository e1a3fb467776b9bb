import type { DataPermissions, SourcePermissions } from '../../agents/data-permissions.ts';
import type { SqlToolDefinition } from '../../agents/tool-types/sql.ts';
import { compileParameters } from '../parameters.ts';
import { sourceOf, type ToolSource } from '../tool-source.ts';
import { ToolError, type Tool, type ToolCall, type ToolResult } from '../tool.ts';
import type { GuardedDatabase, QueryResult } from './guarded-database.ts';
import { resolveAccess, type SqlValue } from './permissions.ts';
import { PermittedSchema } from './permitted-schema.ts';
import { resultTable } from './result-table.ts';

export interface SqlToolDependencies {
  databases: Databases;
  dataPermissions: DataPermissions;
  queryTimeoutSeconds: number;
}

/** The configured data sources. */
export interface Databases {
  /** Opened with its first use, for all agents; undefined: there is no such source. */
  get(sourceId: string): GuardedDatabase | undefined;
}

/** What a query tool runs on. */
interface Connection {
  definition: SqlToolDefinition;
  database: GuardedDatabase;
  permissions: SourcePermissions;
  timeoutMs: number;
}

/** Statements that may fail in one run: the first, and the one that repairs it. */
const maxFailures = 2;

const sqlParameters = {
  type: 'object',
  properties: {
    sql: { type: 'string', minLength: 1, maxLength: 20_000, description: 'One SELECT statement.' },
  },
  required: ['sql'],
  additionalProperties: false,
} as const;

const noParameters = { type: 'object', properties: {}, additionalProperties: false } as const;

/**
 * A tool that asks a data source under the agent's permissions: by a saved query, or by SQL that the model writes.
 * @throws Error when the source is not configured or `parameters` is not a valid JSON Schema.
 */
export function createSqlSource(definition: SqlToolDefinition, deps: SqlToolDependencies): ToolSource {
  const { name, source, query } = definition;
  const database = deps.databases.get(source);
  if (!database) throw new Error(`the data source ${source} is not configured`);
  const connection: Connection = {
    definition,
    database,
    permissions: deps.dataPermissions[source] ?? { tables: {} },
    timeoutMs: Math.ceil(deps.queryTimeoutSeconds * 1000),
  };
  if (query !== undefined) return sourceOf(savedQuery(connection, query));
  const schema = new PermittedSchema(connection.database, connection.permissions, definition.allowSamples);
  const validate = compileParameters(sqlParameters);
  return {
    name,
    // Made anew for each run: what fails is counted in it.
    tools: async (signal) => [{ ...writtenQuery(connection, await schema.text(signal)), validate }],
  };
}

function savedQuery(connection: Connection, query: string): Tool {
  const parameters = connection.definition.parameters ?? noParameters;
  // What is not given is null, so that a query can say `:status is null or status = :status`.
  const names = Object.keys(parameters['properties'] ?? {});
  const empty = Object.fromEntries(names.map((name): [string, SqlValue] => [name, null]));
  return {
    ...described(connection, `Asks ${connection.definition.source} with a saved query.`),
    parameters,
    validate: compileParameters(parameters),
    execute: async (call) => {
      const given = Object.entries(call.arguments).map(([name, value]) => [name, bindable(value)] as const);
      return await run(
        connection,
        { sql: query, parameters: { ...empty, ...Object.fromEntries(given) } },
        call,
      );
    },
  };
}

function writtenQuery(connection: Connection, schema: string): Omit<Tool, 'validate'> {
  const { source } = connection.definition;
  const { dialect } = connection.database;
  let failures = 0;
  const what = `Answers a question from the database ${source}.`;
  const tool = described(connection, what);
  return {
    ...tool,
    description: `${tool.description}\nTakes one ${dialect} SELECT statement; nothing else is there than:\n${schema}`,
    parameters: sqlParameters,
    execute: async (call) => {
      if (failures >= maxFailures) throw new ToolError(`Not executed. ${giveUp}`);
      const { sql } = call.arguments as { sql: string };
      try {
        return await run(connection, { sql, parameters: {} }, call);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        failures += 1;
        if (failures < maxFailures) throw error;
        throw new ToolError(`${error.message} ${giveUp}`, {
          cause: error,
          ...(error.detail && { detail: error.detail }),
        });
      }
    },
  };
}

const giveUp =
  'Two statements have failed in this run, no further one is executed: answer without it and say what is missing.';

function described(
  { definition }: Connection,
  otherwise: string,
): Pick<Tool, 'name' | 'description' | 'sideEffects' | 'timeoutSeconds'> {
  const { name, description, sideEffects = false, timeoutSeconds } = definition;
  return {
    name,
    description: description ?? otherwise,
    sideEffects,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
}

async function run(
  { database, definition, permissions, timeoutMs }: Connection,
  statement: { sql: string; parameters: Readonly<Record<string, SqlValue>> },
  { context, signal }: ToolCall,
): Promise<ToolResult> {
  const access = resolveAccess(permissions, context);
  const limits = { maxRows: definition.maxRows, timeoutMs };
  try {
    const result = await database.query({ ...statement, access, ...limits, signal });
    return describe(statement.sql, result);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new ToolError(error.message, {
      cause: error,
      detail: { sql_generated: statement.sql, ...error.detail },
    });
  }
}

function describe(sql: string, result: QueryResult): ToolResult {
  const count = result.rows.length;
  return {
    text: resultTable(result),
    summary: `${result.truncated ? 'the first ' : ''}${count} ${count === 1 ? 'row' : 'rows'}`,
    detail: {
      sql_generated: sql,
      tables_accessed: result.tablesAccessed,
      columns_accessed: result.columnsAccessed,
      rows: count,
      execution_time: Math.round(result.milliseconds) / 1000,
    },
  };
}

/** Lists and objects are bound as JSON, which both databases can take apart. */
function bindable(value: unknown): SqlValue {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  return JSON.stringify(value) ?? null;
}
