import type { QueryResult } from './guarded-database.ts';
import type { SqlValue } from './permissions.ts';

/** A result as a Markdown table, with a line below it where rows are missing. */
export function resultTable({ columns, rows, truncated }: QueryResult): string {
  if (rows.length === 0) return 'No rows.';
  const lines = [row(columns), row(columns.map(() => '---')), ...rows.map((values) => row(values.map(cell)))];
  if (truncated) lines.push('', `(only the first ${rows.length} rows: there are more)`);
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A line break or bar in a value would look like the next row or column. */
function cell(value: SqlValue): string {
  return String(value ?? '')
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\r\n|[\r\n]/g, ' ');
}
