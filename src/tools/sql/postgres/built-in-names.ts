import type { ClientBase } from 'pg';

/** What PostgreSQL's own functions and types are called, of every signature, and which of the two it is. */
export type BuiltInNames = ReadonlyMap<string, 'function' | 'type'>;

/** With an empty search path no others are found without a schema. A name of both is told as a type's. */
const namesQuery = `
  SELECT typname::text AS name, 'type' AS kind FROM pg_catalog.pg_type
   WHERE typnamespace = 'pg_catalog'::pg_catalog.regnamespace
   UNION ALL
  SELECT proname::text, 'function' FROM pg_catalog.pg_proc
   WHERE pronamespace = 'pg_catalog'::pg_catalog.regnamespace
   ORDER BY kind`;

export async function readBuiltInNames(client: ClientBase): Promise<BuiltInNames> {
  const { rows } = await client.query<{ name: string; kind: 'function' | 'type' }>(namesQuery);
  return new Map(rows.map(({ name, kind }) => [name, kind]));
}
