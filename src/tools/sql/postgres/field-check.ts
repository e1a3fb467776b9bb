import { ToolError } from '../../tool.ts';
import { isPermittedFunction, isPermittedType } from './permitted-names.ts';
import type { ColumnReference, StatementReading } from './statement-reading.ts';
import type { Permitted } from './view-check.ts';

/**
 * What stands behind a dot and is no column is called: `(x).f` means `f(x)`, and a cast where f is a type; so does
 * `x.f` of the whole row x. Whether x has a column f is known for permitted tables only. Everything else must not be
 * called like a function or type that is not permitted, whatever names the statement itself gives.
 * @returns the tables whose rows are handed to a permitted function
 * @throws ToolError that names the function or type
 */
export function checkFields(reading: StatementReading, permitted: Permitted): string[] {
  const columns = new Map(permitted.tables.map((table) => [table.name, table.columns]));
  const isColumn = (field: ColumnReference): boolean => {
    const tables = field.qualifier === undefined ? [] : reading.candidates(field);
    const has = (table: string): boolean =>
      !reading.renamed.includes(table) && columns.get(table)?.includes(field.name) === true;
    return tables.length > 0 && tables.every(has);
  };
  const called = reading.fields
    .map((field) => ({ ...field, name: asFolded(field.name) }))
    .filter((field) => permitted.builtInNames.has(field.name) && !isColumn(field));
  for (const { name } of called) {
    if (!isPermittedFunction([name]) && !isPermittedType([name])) throw fieldRefusal(name, permitted);
  }
  return called.flatMap(({ qualifier }) => (qualifier === undefined ? [] : reading.calledSo(qualifier)));
}

/** PostgreSQL's names are ASCII; in a Turkish database of one-byte letters it folds `İ` to the `i` in them. */
function asFolded(name: string): string {
  return name.replaceAll('İ', 'i');
}

function fieldRefusal(name: string, { builtInNames }: Permitted): ToolError {
  const kind = builtInNames.get(name) ?? 'function';
  return new ToolError(
    `The ${kind} ${name} is not permitted, and .${name} may mean it. ` +
      `A column of that name is written with its table's own alias (t.${name}); ` +
      'give one of a subquery or of WITH another name.',
  );
}
