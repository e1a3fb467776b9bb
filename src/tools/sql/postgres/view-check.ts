import { ToolError } from '../../tool.ts';
import type { BuiltInNames } from './built-in-names.ts';
import type { Relation, ViewReading } from './catalogue.ts';
import type { ReadableTable } from './guarded-statement.ts';
import { isPermittedFunction, isPermittedType } from './permitted-names.ts';

/** What there is, and what of it is permitted. */
export interface Permitted {
  catalogue: readonly Relation[];
  builtInNames: BuiltInNames;
  tables: readonly ReadableTable[];
}

/**
 * A view opens nothing: it is permitted as far as everything that it reads is.
 * @throws ToolError that names what the view reads beside the permitted
 */
export function checkView(name: string, permitted: Permitted): void {
  const view = permitted.catalogue.find((relation) => relation.name === name)?.view;
  if (!view) return;
  const reason = codeReason(view) ?? columnReason(view, permitted);
  if (reason !== undefined) throw new ToolError(`The view ${name} is not permitted: it ${reason}.`);
  for (const { relation } of view.columns) checkView(relation, permitted);
}

function codeReason({ functions, foreignCode, wholeRows }: ViewReading): string | undefined {
  const unknown = functions.find((name) => !isPermittedFunction([name]) && !isPermittedType([name]));
  if (unknown !== undefined) return `calls the function ${unknown}`;
  if (foreignCode) return 'calls functions or operators that are not built in';
  return wholeRows ? 'reads whole rows' : undefined;
}

function columnReason({ columns }: ViewReading, { tables }: Permitted): string | undefined {
  for (const { schema, relation, column } of columns) {
    const table = tables.find((candidate) => candidate.name === relation && candidate.schema === schema);
    if (!table) return `reads the table ${relation}, which is not permitted`;
    if (table.rows.length > 0) return `reads the table ${relation}, of which only some rows are permitted`;
    if (column !== null && !table.columns.includes(column)) {
      return `reads the column ${relation}.${column}, which is not permitted`;
    }
  }
  return undefined;
}
