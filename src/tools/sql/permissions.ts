import type { SourcePermissions, TablePermissions } from '../../agents/data-permissions.ts';
import { ToolError } from '../tool.ts';

/** A value that is bound into a statement, or stands in a result. */
export type SqlValue = string | number | boolean | null;

/** What one call may read of a source, by the table's name as it is declared: the row filters hold their values. */
export type SourceAccess = ReadonlyMap<string, TableAccess>;

export interface TableAccess {
  /** Absent: every column that is not denied. */
  allow?: readonly string[];
  deny: readonly string[];
  /** Column → the value that it must equal. */
  rows: ReadonlyMap<string, SqlValue>;
}

/** A table or view as it is in the database. */
export interface CatalogueTable {
  name: string;
  columns: readonly string[];
}

/** What of it may be read; names are spelt as the database has them. */
export interface PermittedTable {
  name: string;
  /** Never empty: a table without a permitted column is closed. */
  columns: string[];
  rows: { column: string; value: SqlValue }[];
}

export interface NameRule {
  /** Whether the database takes `SSN` and `ssn` for the same name. */
  ignoreCase: boolean;
}

/**
 * The permissions with the context values that their row filters name.
 * @throws ToolError when one is missing or is not a plain value: a filter is never left out.
 */
export function resolveAccess(
  permissions: SourcePermissions,
  context: Readonly<Record<string, unknown>>,
): SourceAccess {
  const tables = Object.entries(permissions.tables);
  return new Map(tables.map(([name, table]) => [name, tableAccess(name, table, context)]));
}

/** The same for who only asks what there is: which rows would be filtered is known, by which value is not. */
export function accessWithoutValues({ tables }: SourcePermissions): SourceAccess {
  return new Map(
    Object.entries(tables).map(([name, { allow, deny = [], rowFilter = {} }]) => [
      name,
      {
        ...(allow && { allow }),
        deny,
        rows: new Map(Object.keys(rowFilter).map((column) => [column, null])),
      },
    ]),
  );
}

function tableAccess(
  name: string,
  { allow, deny = [], rowFilter = {} }: TablePermissions,
  context: Readonly<Record<string, unknown>>,
): TableAccess {
  const rows = Object.entries(rowFilter).map(([column, { context: variable }]): [string, SqlValue] => {
    const value = Object.hasOwn(context, variable) ? context[variable] : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return [column, value];
    }
    throw new ToolError(
      `The rows of the table ${name} depend on the context value ${variable}, which this request does not bring.`,
    );
  });
  return { ...(allow && { allow }), deny, rows: new Map(rows) };
}

/**
 * Holds the permissions against the tables that there are: denied beats allowed, an unlisted table is closed, no
 * `allow` means every column that is not denied. A denied name counts in any case of its letters.
 * @throws ToolError when the permissions name a table or column that does not exist: a slip of the pen in `deny`
 *   must not open a column.
 */
export function permittedTables(
  access: SourceAccess,
  catalogue: readonly CatalogueTable[],
  rule: NameRule,
): PermittedTable[] {
  const permitted = [...access].map(([name, table]) => {
    const real = catalogue.find((candidate) => isSame(candidate.name, name, rule));
    if (!real)
      throw new ToolError(`The agent's data permissions name the table ${name}, which does not exist.`);
    return permittedTable(real, table, rule);
  });
  return permitted.filter(({ columns }) => columns.length > 0);
}

function permittedTable(real: CatalogueTable, access: TableAccess, rule: NameRule): PermittedTable {
  const realName = (name: string, same: NameRule): string => {
    const found = real.columns.find((column) => isSame(column, name, same));
    if (found !== undefined) return found;
    throw new ToolError(
      `The agent's data permissions name the column ${real.name}.${name}, which does not exist.`,
    );
  };
  for (const name of access.deny) realName(name, { ignoreCase: true });
  const denied = new Set(access.deny.map((name) => name.toLowerCase()));
  const allowed = new Set(access.allow ? access.allow.map((name) => realName(name, rule)) : real.columns);
  return {
    name: real.name,
    columns: real.columns.filter((column) => allowed.has(column) && !denied.has(column.toLowerCase())),
    rows: [...access.rows].map(([column, value]) => ({ column: realName(column, rule), value })),
  };
}

function isSame(one: string, other: string, { ignoreCase }: NameRule): boolean {
  return one === other || (ignoreCase && one.toLowerCase() === other.toLowerCase());
}

/** What a statement is told that touches a closed table. */
export function tableRefusal(table: string): ToolError {
  return new ToolError(`The table ${table} is not permitted.`);
}

/** What a statement is told that touches a closed column, wherever it stands. */
export function columnRefusal(table: string, column: string): ToolError {
  return new ToolError(
    `The column ${table}.${column} is not permitted, neither in the result nor in a condition, order or grouping.`,
  );
}
