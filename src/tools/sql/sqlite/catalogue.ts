import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { permittedTableFunctions } from './permitted-functions.ts';

export interface CatalogueEntry {
  name: string;
  columns: string[];
  /** Column → declared type; empty: none. */
  types: ReadonlyMap<string, string>;
  /** The statement that made it. */
  sql: string;
}

/** Every table and view of an attached database, without SQLite's own. */
export function readCatalogue(db: DatabaseSync, schema: string): CatalogueEntry[] {
  const tables = db.prepare(
    `SELECT name, sql FROM ${schema}.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  );
  // Hidden columns of virtual tables (1) are arguments rather than columns; generated ones (2, 3) are columns.
  const columnsOf = db.prepare(
    `SELECT name, type FROM pragma_table_xinfo(?, '${schema}') WHERE hidden <> 1 ORDER BY cid`,
  );
  return tables.all().map((table) => {
    const columns = readColumns(columnsOf, String(table['name']));
    return {
      name: String(table['name']),
      columns: columns.map(([column]) => column),
      types: new Map(columns),
      sql: String(table['sql'] ?? ''),
    };
  });
}

/** A view that is broken, because something that it reads is gone, has no columns. */
function readColumns(columnsOf: StatementSync, table: string): [name: string, type: string][] {
  try {
    return columnsOf.all(table).map(({ name, type }) => [String(name), String(type)]);
  } catch {
    return [];
  }
}

/** Names of SQLite's virtual tables, some of which can be read without being made. */
export function readModules(db: DatabaseSync): Set<string> {
  const modules = db.prepare('SELECT name FROM pragma_module_list').all();
  const names = modules.map(({ name }) => String(name).toLowerCase());
  return new Set(names.filter((name) => !permittedTableFunctions.has(name)));
}

/** A name as SQL writes it, whatever it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
