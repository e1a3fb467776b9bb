import { CsvError, parse } from 'csv-parse/sync';

/** The content of a file as rows of a table. */
export interface TableRows {
  columns: { name: string; type: 'INTEGER' | 'REAL' | 'TEXT' }[];
  rows: CellValue[][];
}

type CellValue = string | number | null;

const maxColumns = 1000;

/**
 * CSV with a header line. A column is INTEGER or REAL where all its values are such numbers as SQL would write them
 * (`007` and `+49` are text); an empty field is NULL.
 */
export function readCsv(text: string): TableRows | { problem: string } {
  let records: string[][];
  try {
    records = parse(text, { skip_empty_lines: true });
  } catch (error) {
    // The message may quote a record.
    if (!(error instanceof CsvError)) throw error;
    return { problem: `it is not valid CSV (${error.code}, line ${String(error['lines'])})` };
  }
  const [header, ...rows] = records;
  if (!header) return { problem: 'it has no header line' };
  const names = header.map((name, index) => name.trim() || `column_${index + 1}`);
  const numeric = names.map((_name, index) => rows.every((row) => isNumber(row[index] ?? '')));
  const cells = rows.map((row) =>
    row.map((field, index) => (field === '' ? null : numeric[index] ? Number(field) : field)),
  );
  return tableOf(names, cells);
}

/** A list of objects: a field is a column. What is an object or list itself is kept as JSON, a boolean as 1 or 0. */
export function readJson(text: string): TableRows | { problem: string } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { problem: 'it is not valid JSON' };
  }
  if (!Array.isArray(content) || !content.every(isObject)) return { problem: 'it is not a list of objects' };
  const names = [...new Set(content.flatMap((row) => Object.keys(row)))];
  const cells = content.map((row) =>
    names.map((name) => cellOf(Object.hasOwn(row, name) ? row[name] : null)),
  );
  return tableOf(names, cells);
}

function tableOf(names: readonly string[], rows: CellValue[][]): TableRows | { problem: string } {
  if (names.length === 0) return { problem: 'it has no columns' };
  if (names.length > maxColumns) return { problem: `it has more than ${maxColumns} columns` };
  const columns = names.map((name, index) => ({ name, type: typeOf(rows.map((row) => row[index] ?? null)) }));
  return { columns, rows };
}

function typeOf(values: readonly CellValue[]): 'INTEGER' | 'REAL' | 'TEXT' {
  const present = values.filter((value) => value !== null);
  if (present.length === 0 || present.some((value) => typeof value === 'string')) return 'TEXT';
  return present.every(Number.isSafeInteger) ? 'INTEGER' : 'REAL';
}

function isNumber(field: string): boolean {
  if (field === '') return true;
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(field)) return false;
  return field.includes('.') || Number.isSafeInteger(Number(field));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cellOf(value: unknown): CellValue {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return value === null || value === undefined ? null : JSON.stringify(value);
}
