import type { ClientBase } from 'pg';
import type { CatalogueTable } from '../permissions.ts';

/** A table or view as the catalogue has it. */
export interface Relation extends CatalogueTable {
  schema: string;
  comment: string | null;
  details: RelationColumn[];
  /** Absent: it is no view. */
  view?: ViewReading;
}

export interface RelationColumn {
  name: string;
  type: string;
  comment: string | null;
}

/** What a view reads. */
export interface ViewReading {
  /** The columns of other relations; without a column where it reads none by name. */
  columns: { schema: string; relation: string; column: string | null }[];
  /** Names of the functions that it calls. */
  functions: string[];
  /** Whether a row as a whole occurs in it, so that its columns are not all told. */
  wholeRows: boolean;
  /** Whether it uses an operator or function of an extension or of the operator's own. */
  foreignCode: boolean;
}

const relationsQuery = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind IN ('v', 'm') AS view,
         obj_description(c.oid, 'pg_class') AS comment,
         coalesce((SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                                   'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
                     FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS details
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
   ORDER BY array_position($1::text[], n.nspname::text), c.relname`;

// The stored rule tells what pg_depend does not: built-in functions and whole rows.
const viewsQuery = `
  SELECT n.nspname AS schema, v.relname AS name,
         r.ev_action::text LIKE '%:varattno 0 %' AS "wholeRows",
         (SELECT coalesce(json_agg(json_build_object('schema', bn.nspname, 'relation', b.relname,
                                                     'column', a.attname)), '[]')
            FROM pg_depend d
            JOIN pg_class b ON b.oid = d.refobjid AND b.oid <> v.oid
            JOIN pg_namespace bn ON bn.oid = b.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = b.oid AND a.attnum = d.refobjsubid AND a.attnum <> 0
           WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
         ) AS columns,
         EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)) AS "foreignCode",
         (SELECT coalesce(json_agg(DISTINCT p.proname), '[]')
            FROM regexp_matches(r.ev_action::text, ':(?:funcid|aggfnoid|winfnoid) (\\d+)', 'g') AS m
            JOIN pg_proc p ON p.oid = m[1]::oid) AS functions
    FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
   WHERE n.nspname = ANY ($1::text[]) AND v.relkind IN ('v', 'm')`;

type RelationRow = Pick<Relation, 'schema' | 'name' | 'comment' | 'details'> & { view: boolean };
type ViewRow = ViewReading & { schema: string; name: string };

/** Every table and view of the schemas; of two with the same name that of the schema that is named first. */
export async function readCatalogue(client: ClientBase, schemas: readonly string[]): Promise<Relation[]> {
  const relations = await client.query<RelationRow>(relationsQuery, [schemas]);
  const views = relations.rows.some(({ view }) => view)
    ? (await client.query<ViewRow>(viewsQuery, [schemas])).rows
    : [];
  const known = new Set<string>();
  return relations.rows.flatMap((row) => {
    if (known.has(row.name)) return [];
    known.add(row.name);
    return [relation(row, views)];
  });
}

function relation({ view, ...row }: RelationRow, views: readonly ViewRow[]): Relation {
  const columns = row.details.map(({ name }) => name);
  const reading = views.find(({ schema, name }) => schema === row.schema && name === row.name);
  if (!view) return { ...row, columns };
  return { ...row, columns, view: reading ?? unreadable };
}

/** A view without a rule is none that this guard understands. */
const unreadable: ViewReading = { columns: [], functions: [], wholeRows: true, foreignCode: true };
