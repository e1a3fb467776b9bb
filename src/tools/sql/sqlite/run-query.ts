import type { StatementSync } from 'node:sqlite';
import { maxCellCharacters, maxResultBytes, type QueryResult } from '../guarded-database.ts';
import type { SqlValue } from '../permissions.ts';
import { bindable, GuardedConnection } from './guarded-connection.ts';
import type { QueryJob } from './job.ts';
import { checkStatement } from './statement.ts';
import { explain } from './refusal.ts';

/**
 * Runs one statement on a connection of its own.
 * @throws ToolError with a sentence for whoever wrote it
 */
export function runQuery(job: QueryJob): QueryResult {
  const started = performance.now();
  const connection = new GuardedConnection(job.file, job.access);
  try {
    return { ...execute(connection, job), milliseconds: performance.now() - started };
  } catch (error) {
    throw explain(error, job.sql, connection);
  } finally {
    connection.close();
  }
}

function execute(connection: GuardedConnection, job: QueryJob): Omit<QueryResult, 'milliseconds'> {
  checkStatement(job.sql, connection.modules);
  const { statement, authorizer } = connection.prepare(job.sql);
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  statement.setAllowUnknownNamedParameters(true);
  try {
    return {
      columns: statement.columns().map(({ name }) => name),
      ...readRows(statement, job),
      tablesAccessed: authorizer.tables,
      columnsAccessed: authorizer.columns,
    };
  } catch (error) {
    throw authorizer.refusal ?? error;
  }
}

function readRows(
  statement: StatementSync,
  { parameters, maxRows }: QueryJob,
): Pick<QueryResult, 'rows' | 'truncated'> {
  const bound = Object.entries(parameters).map(([name, value]) => [name, bindable(value)] as const);
  const rows: SqlValue[][] = [];
  let bytes = 0;
  for (const row of statement.iterate(Object.fromEntries(bound))) {
    // With arrays instead of objects, columns of the same name do not hide each other.
    const values = (row as unknown as unknown[]).map(plain);
    bytes += values.reduce((sum: number, value) => sum + String(value).length, 0);
    if (rows.length >= maxRows || bytes > maxResultBytes) return { rows, truncated: true };
    rows.push(values);
  }
  return { rows, truncated: false };
}

/** Integers beyond what JavaScript counts exactly stay as they are, as text; of bytes only their number is told. */
function plain(value: unknown): SqlValue {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  if (typeof value === 'string') {
    return value.length > maxCellCharacters ? `${value.slice(0, maxCellCharacters).toWellFormed()}…` : value;
  }
  if (typeof value === 'number') return value;
  return value instanceof Uint8Array ? `(${value.length} bytes)` : null;
}
