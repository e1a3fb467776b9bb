import type { FilePath, Finding } from './agent-file.ts';
import { closed, list, text, variableName } from './schema-parts.ts';

/** What an agent may read, by the id of the data source. A source that is not listed is closed. */
export type DataPermissions = Readonly<Record<string, SourcePermissions>>;

export interface SourcePermissions {
  /** By the table's (or view's) name; a table that is not listed is closed. */
  tables: Readonly<Record<string, TablePermissions>>;
}

/** Denied beats allowed. */
export interface TablePermissions {
  /** Columns; absent: every column that is not denied; empty: nothing. */
  allow?: readonly string[];
  deny?: readonly string[];
  /** Only rows whose columns equal these context values are there. */
  rowFilter?: Readonly<Record<string, { context: string }>>;
}

/** The same in the words of the REST API. */
export interface RestPermissions {
  /** Absent or null: no table. */
  allowed_tables?: readonly string[] | null;
  /** `allowed` absent, null or `*`: every column that is not denied. Of tables that are not allowed it says nothing. */
  column_permissions?: Readonly<Record<string, RestColumns>> | null;
}

export interface RestColumns {
  allowed?: readonly string[] | '*' | null;
  denied?: readonly string[] | null;
}

const columns = list(text(128), 1000);

const tablePermissions = closed({
  allow: columns,
  deny: columns,
  rowFilter: byName(closed({ context: variableName }, ['context'])),
});

/** JSON Schema of `execution.dataPermissions`. */
export const dataPermissionsSchema = byName(closed({ tables: byName(tablePermissions) }, ['tables']));

function byName(value: object): object {
  return {
    type: 'object',
    propertyNames: { minLength: 1, maxLength: 128 },
    additionalProperties: value,
    maxProperties: 500,
  };
}

/** What is wrong with `execution.dataPermissions` beyond its form: sources and context variables must be there. */
export function permissionFindings(
  permissions: DataPermissions,
  known: { dataSources: ReadonlySet<string>; variables: ReadonlySet<string> },
): Finding[] {
  return Object.entries(permissions).flatMap(([source, { tables }]) => {
    const path = ['execution', 'dataPermissions', source];
    return [
      ...sourceFindings(source, path, known.dataSources),
      ...Object.entries(tables).flatMap(([table, { rowFilter = {} }]) =>
        Object.entries(rowFilter).flatMap(([column, { context }]) =>
          known.variables.has(context)
            ? []
            : [
                {
                  path: [...path, 'tables', table, 'rowFilter', column, 'context'],
                  reason: `${JSON.stringify(context)} is not a declared context variable`,
                },
              ],
        ),
      ),
    ];
  });
}

/** An agent that names a data source which the configuration does not have. */
export function sourceFindings(source: string, path: FilePath, known: ReadonlySet<string>): Finding[] {
  if (known.has(source)) return [];
  const there = known.size > 0 ? `there are: ${[...known].join(', ')}` : 'there are none';
  const reason = `invalid_data_source: ${JSON.stringify(source)} is not in DATA_SOURCES_FILE; ${there}`;
  return [{ path, reason }];
}

/** The permissions of one source as the REST API writes them, in the one model that is enforced. */
export function permissionsFromRest({
  allowed_tables: tables,
  column_permissions: columnsOf,
}: RestPermissions): SourcePermissions {
  const entries = (tables ?? []).map((table): [string, TablePermissions] => {
    const { allowed, denied } = (Object.hasOwn(columnsOf ?? {}, table) && columnsOf?.[table]) || {};
    const everyColumn = allowed === undefined || allowed === null || allowed === '*';
    return [
      table,
      {
        ...(!everyColumn && !allowed.includes('*') && { allow: allowed }),
        ...(denied && { deny: denied }),
      },
    ];
  });
  return { tables: Object.fromEntries(entries) };
}
