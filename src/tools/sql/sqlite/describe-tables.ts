import type { DescribedColumn, DescribedTable } from '../guarded-database.ts';
import type { PermittedTable, SqlValue } from '../permissions.ts';
import { quoted, type CatalogueEntry } from './catalogue.ts';
import { GuardedConnection } from './guarded-connection.ts';
import type { SchemaJob } from './job.ts';

/** A value is taken from among the first rows only. */
const rowsLookedAt = 200;
const samplesPerColumn = 3;

/**
 * The permitted tables with their types, and the comments that stand behind columns in the statements that made
 * them: `status text, -- processing, shipped, …`.
 * @throws ToolError when the access names what does not exist
 */
export function describeTables({ file, access, samples }: SchemaJob): DescribedTable[] {
  const connection = new GuardedConnection(file, access);
  try {
    return connection.permitted.map((table) => {
      const entry = connection.catalogue.find(({ name }) => name === table.name);
      const columns = table.columns.map((column) => describeColumn(column, entry));
      if (samples && table.rows.length === 0) {
        for (const column of columns) addSamples(column, table, connection);
      }
      return { name: table.name, columns };
    });
  } finally {
    connection.close();
  }
}

function describeColumn(name: string, entry: CatalogueEntry | undefined): DescribedColumn {
  const comment = commentOf(name, entry?.sql ?? '');
  return { name, type: entry?.types.get(name) ?? '', ...(comment !== undefined && { comment }) };
}

function commentOf(column: string, sql: string): string | undefined {
  for (const line of sql.split('\n')) {
    const [, name, comment] = /^\s*[("`[]*([\w$]+)["`\]]?\s[^']*?--\s*(.+)$/.exec(line) ?? [];
    if (name === column && comment !== undefined) return comment.trim();
  }
  return undefined;
}

/** Taken under guard like any statement: a view may show rows of a table that is closed. */
function addSamples(column: DescribedColumn, table: PermittedTable, connection: GuardedConnection): void {
  const name = quoted(column.name);
  const some = `SELECT ${name} AS sample FROM ${quoted(table.name)} WHERE ${name} IS NOT NULL LIMIT ${rowsLookedAt}`;
  try {
    const { statement } = connection.prepare(
      `SELECT DISTINCT sample FROM (${some}) WHERE typeof(sample) <> 'blob' LIMIT ${samplesPerColumn}`,
    );
    const found = statement.all().map((row) => row['sample'] as SqlValue);
    if (found.length > 0) column.samples = found;
  } catch {
    // Not permitted, or a number that JavaScript does not count exactly: the column goes without.
  }
}
