import { columnRefusal, tableRefusal } from '../permissions.ts';
import { checkFields } from './field-check.ts';
import type { ColumnReference, StatementReading } from './statement-reading.ts';
import { checkView, type Permitted } from './view-check.ts';

/**
 * Holds what a statement refers to against what is permitted. It refuses by name; what a word means where the
 * statement gives names of its own is left to PostgreSQL, which finds only what is permitted (`guardStatement`).
 * @returns the columns that the statement may read, as `table.column`, sorted
 * @throws ToolError that names the table or column
 */
export function checkReferences(reading: StatementReading, permitted: Permitted): string[] {
  const columns = new Map(permitted.tables.map((table) => [table.name, table.columns]));
  for (const table of reading.tables) {
    if (!columns.has(table)) throw tableRefusal(table);
    checkView(table, permitted);
  }
  const whole = new Set([
    ...reading.columns.flatMap((reference) => reading.whole(reference)),
    ...reading.renamed,
  ]);
  const accessed: string[] = [];
  for (const reference of reading.columns) {
    const matches = reading
      .candidates(reference)
      .filter((table) => columns.get(table)?.includes(reference.name));
    accessed.push(...matches.map((table) => `${table}.${reference.name}`));
    if (matches.length === 0) refuseClosed(reference, reading, permitted);
  }
  for (const table of checkFields(reading, permitted)) whole.add(table);
  accessed.push(...[...whole].flatMap((table) => qualified(table, columns.get(table) ?? [])));
  return [...new Set(accessed)].sort();
}

/** Nothing permitted is called so: is it something that is there and closed? */
function refuseClosed(reference: ColumnReference, reading: StatementReading, { catalogue }: Permitted): void {
  const { qualifier, name } = reference;
  if ((qualifier === undefined && reading.defines(name)) || reading.whole(reference).length > 0) return;
  const table = reading
    .candidates(reference)
    .filter((candidate) => !reading.defines(name) || !reading.renamed.includes(candidate))
    .find((candidate) => catalogue.find((relation) => relation.name === candidate)?.columns.includes(name));
  if (table !== undefined) throw columnRefusal(table, name);
}

function qualified(table: string, columns: readonly string[]): string[] {
  return columns.map((column) => `${table}.${column}`);
}
