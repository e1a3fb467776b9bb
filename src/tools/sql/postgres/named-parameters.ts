import { ToolError } from '../../tool.ts';
import type { SqlValue } from '../permissions.ts';
import { scanTokens, type Token } from './parser.ts';

/** A statement whose parameters are numbered: `$1` is the first value. */
export interface NumberedStatement {
  sql: string;
  values: SqlValue[];
}

/**
 * Turns `:name` into PostgreSQL's `$1`, outside of texts, quoted names, comments and casts. Each place gets a number
 * of its own, because PostgreSQL gives a parameter one type, which it takes from the place; `:name IS NULL` says
 * nothing about it and is taken as text.
 * @throws ToolError when the statement numbers parameters itself
 */
export async function numberParameters(
  sql: string,
  parameters: Readonly<Record<string, SqlValue>>,
): Promise<NumberedStatement> {
  const tokens = await scanTokens(sql);
  if (tokens.some(({ kind }) => kind === 'PARAM')) {
    throw new ToolError('The statement holds a numbered parameter ($1); write the value itself.');
  }
  const bytes = Buffer.from(sql, 'utf8');
  const values: SqlValue[] = [];
  const parts: string[] = [];
  let done = 0;
  tokens.forEach((colon, index) => {
    const name = tokens[index + 1];
    if (colon.text !== ':' || name?.begin !== colon.end || !Object.hasOwn(parameters, name.text)) return;
    const number = values.push(parameters[name.text] ?? null);
    const type = isNullTest(tokens.slice(index + 2, index + 5)) ? '::text' : '';
    parts.push(bytes.subarray(done, colon.begin).toString('utf8'), `$${number}${type}`);
    done = name.end;
  });
  return { sql: parts.join('') + bytes.subarray(done).toString('utf8'), values };
}

/** Whether the words that follow are `IS NULL` or `IS NOT NULL`. */
function isNullTest(tokens: readonly Token[]): boolean {
  return /^is (not )?null\b/i.test(tokens.map(({ text }) => text).join(' '));
}
