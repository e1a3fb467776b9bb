import type { PoolClient } from 'pg';
import { quoted, type ReadableTable } from './guarded-statement.ts';

interface Excess {
  superuser: boolean;
  /** `schema.table.column` that the login may read and the agent may not. */
  columns: string[];
}

const superuserQuery = 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user';

const readableQuery = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
   GROUP BY n.nspname, c.relname
   ORDER BY n.nspname, c.relname`;

/**
 * What the login may read beyond the columns as they are permitted; undefined: nothing, the database is a wall. Rows
 * that a filter takes away are not told: such rights cannot hold them back.
 */
export async function excessOfLogin(
  client: PoolClient,
  tables: readonly ReadableTable[],
): Promise<Excess | undefined> {
  const role = await client.query<{ rolsuper: boolean }>(superuserQuery);
  const readable = await client.query<{ schema: string; name: string; columns: string[] }>(readableQuery);
  const superuser = role.rows[0]?.rolsuper ?? false;
  const columns = readable.rows.flatMap((relation) => {
    const table = tables.find(({ schema, name }) => schema === relation.schema && name === relation.name);
    const needed = new Set(table ? neededColumns(table) : []);
    const excess = relation.columns.filter((column) => !needed.has(column));
    return excess.map((column) => `${relation.schema}.${relation.name}.${column}`);
  });
  return superuser || columns.length > 0 ? { superuser, columns } : undefined;
}

/** The statements that make a login which may read no more than is permitted; what they say is for a person. */
export function grantStatements(tables: readonly ReadableTable[]): string[] {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const role = 'agent_reader';
  return [
    `CREATE ROLE ${role} LOGIN PASSWORD '…';`,
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${role};`),
    ...tables.map((table) => {
      const columns = neededColumns(table).map(quoted).join(', ');
      return `GRANT SELECT (${columns}) ON ${quoted(table.schema)}.${quoted(table.name)} TO ${role};`;
    }),
  ];
}

/** A filter reads its column with the login's rights, whether or not the agent may see it. */
function neededColumns({ columns, rows }: ReadableTable): string[] {
  return [...new Set([...columns, ...rows.map(({ column }) => column)])];
}
