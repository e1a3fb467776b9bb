import { ToolError } from '../../tool.ts';
import type { PermittedTable, SqlValue } from '../permissions.ts';
import { standsAsSubquery, type ParsedStatement } from './parser.ts';

/** A table as far as an agent may read it, and where it is. */
export interface ReadableTable extends PermittedTable {
  schema: string;
}

export interface GuardedStatement {
  text: string;
  values: SqlValue[];
}

/**
 * The second wall, beside the check of the statement: each table that it names becomes a `WITH` query of that name
 * which holds the permitted columns and rows only. The statement stands inside as a subquery and is run with an empty
 * `search_path`, so the tables themselves have no name that it could use. A filtered table is materialised: an
 * expression of the statement must not be tried on rows that the filter takes away.
 * @param values those of the statement's own parameters: `$1`, `$2`, …
 * @throws ToolError when the statement does not stay a subquery
 */
export async function guardStatement(
  statement: ParsedStatement,
  tables: readonly ReadableTable[],
  { values, rowLimit }: { values: readonly SqlValue[]; rowLimit: number },
): Promise<GuardedStatement> {
  const bound = [...values];
  const queries = tables.map((table) => readableQuery(table, bound));
  const prelude = queries.length > 0 ? `WITH ${queries.join(',\n')}\n` : '';
  const text = `${prelude}SELECT * FROM (\n${statement.text}\n) AS answer LIMIT ${Math.trunc(rowLimit)}`;
  if (await standsAsSubquery(statement, text)) return { text, values: bound };
  throw new ToolError('The statement was refused: it does not stand alone.');
}

function readableQuery({ name, schema, columns, rows }: ReadableTable, bound: SqlValue[]): string {
  const conditions = rows.map(({ column, value }) => `${quoted(column)} = $${bound.push(value)}`);
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  const kept = conditions.length > 0 ? 'MATERIALIZED' : 'NOT MATERIALIZED';
  const list = columns.map(quoted).join(', ');
  return `${quoted(name)} AS ${kept} (SELECT ${list} FROM ${quoted(schema)}.${quoted(name)}${where})`;
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
