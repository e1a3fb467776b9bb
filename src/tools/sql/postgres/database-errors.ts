import { ToolError } from '../../tool.ts';
import type { PermittedTable } from '../permissions.ts';

export interface Circumstances {
  sourceId: string;
  timeoutMs: number;
  /** What the statement may read of the tables that it names. */
  tables: readonly PermittedTable[];
}

/** PostgreSQL's codes whose message may hold a value out of the database get a sentence of ours. */
const valueErrors: Readonly<Record<string, string>> = {
  '21000': 'a subquery that stands for one value gave several rows',
  '22001': 'a text is too long for its type',
  '22003': 'a number is out of the range of its type',
  '22007': 'a text is no date or time of that form',
  '22008': 'a date or time is out of range',
  '22012': 'division by zero',
  '2201B': 'a regular expression is not valid',
  '22023': 'an argument has a value that its function does not take',
  '22P02': 'a value does not have the form of the type that it is compared with or cast to',
};

const unknownColumn = '42703';

/**
 * What the database said, as a sentence that the model can act on; never with a value out of the database, a host
 * or a login.
 */
export function translateDatabaseError(error: unknown, circumstances: Circumstances): unknown {
  const { sourceId, timeoutMs } = circumstances;
  if (error instanceof ToolError) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state === '57014' || state === '55P03' || isTimeout(error)) {
    return toolError(`The query took longer than ${timeoutMs / 1000} s and was stopped; ask for less`, error);
  }
  if (state === '42501') {
    return toolError(`The database refused it to the login of ${sourceId}: ${message}`, error);
  }
  if (state !== undefined && (/^(21|22)/.test(state) || state in valueErrors)) {
    const reason = valueErrors[state] ?? `a value does not fit (${state})`;
    return toolError(`The statement failed: ${reason}`, error);
  }
  if (state !== undefined && /^(0A|42)/.test(state)) {
    const hint = state === unknownColumn ? `. ${permittedColumns(circumstances)}` : '';
    return toolError(`The database refused the statement: ${message}${hint}`, error);
  }
  if (state !== undefined && /^(25|40|53200|53400|54)/.test(state)) {
    return toolError(`The database could not execute the statement (${state})`, error);
  }
  return toolError(`The data source ${sourceId} does not answer; try again later`, error);
}

function toolError(sentence: string, cause: unknown): ToolError {
  return new ToolError(`${sentence}.`, { cause });
}

function permittedColumns({ tables }: Circumstances): string {
  return tables.map(({ name, columns }) => `Permitted of ${name}: ${columns.join(', ')}`).join('. ');
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
