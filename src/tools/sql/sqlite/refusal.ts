import { ToolError } from '../../tool.ts';
import { columnRefusal, tableRefusal } from '../permissions.ts';
import { quoted } from './catalogue.ts';
import { closedMark, type GuardedConnection } from './guarded-connection.ts';

/**
 * What went wrong, for whoever wrote the statement: what is closed is named as closed, although for SQLite it is
 * only not there. Anything but SQLite's own errors and refusals is given back as it is.
 */
export function explain(error: unknown, sql: string, connection: GuardedConnection): unknown {
  if (error instanceof ToolError || !(error instanceof Error) || !('errcode' in error)) return error;
  const message = connection.withoutBase(error.message);
  const closed = message.indexOf(closedMark);
  if (closed >= 0) return tableRefusal(message.slice(closed + closedMark.length));
  const missing = /(?:no such column: |cannot join using column )"?(.+?)"?(?: - .*)?$/.exec(message)?.[1];
  return (
    (missing !== undefined && closedColumn(missing, sql, connection)) ||
    new ToolError(`The database refused the statement: ${message}.`, { cause: error })
  );
}

/** The refusal of a column that is there, in a table that the statement names, but not permitted. */
function closedColumn(missing: string, sql: string, { catalogue, permitted }: GuardedConnection) {
  const name = missing.split('.').at(-1)?.toLowerCase();
  const statement = sql.toLowerCase();
  for (const table of catalogue) {
    const open = permitted.find((candidate) => candidate.name === table.name)?.columns ?? [];
    const column = table.columns.find((candidate) => candidate.toLowerCase() === name);
    if (column === undefined || open.includes(column)) continue;
    const written = [table.name, quoted(table.name).slice(1, -1)].map((form) => form.toLowerCase());
    if (written.some((form) => statement.includes(form))) return columnRefusal(table.name, column);
  }
  return undefined;
}
