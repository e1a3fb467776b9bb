import { ToolError } from '../../tool.ts';
import { readStatement } from './statement-check.ts';
import { UnknownSyntaxError, type StatementNode, type Tree } from './statement-grammar.ts';
import type { StatementReading } from './statement-reading.ts';

/** Parsing holds up everything else: a statement of more words would do so for longer than anyone should notice. */
const maximumTokens = 5_000;
/** Names in the statement may be long. */
const maximumReasonCharacters = 300;

export interface ParsedStatement {
  /** The statement alone, without what ends it. */
  text: string;
  node: StatementNode;
  reading: StatementReading;
}

interface ParsedFile {
  stmts?: { stmt?: Tree; stmt_location?: number; stmt_len?: number }[];
}

const load = async () => {
  const module = await import('libpg-query');
  await module.loadModule();
  return module;
};

let loading: ReturnType<typeof load> | undefined;

/** PostgreSQL's own parser (1.7 MB), loaded with the first statement. */
async function parser(): ReturnType<typeof load> {
  loading ??= load();
  return loading;
}

/**
 * Parses one SELECT and proves that it is no more than that (see `readStatement`).
 * @throws ToolError that says what is wrong with it, or not permitted in it
 */
export async function parseStatement(sql: string): Promise<ParsedStatement> {
  const { stmts = [] } = await parseFile(sql);
  const [only, ...others] = stmts;
  if (!only?.stmt) throw noStatement();
  if (others.length > 0) throw new ToolError('Only one statement is permitted; write one SELECT.');
  const [type, body] = Object.entries(only.stmt)[0] as [string, Tree];
  const node = { type, body };
  try {
    return { text: textOf(sql, only), node, reading: readStatement(node) };
  } catch (error) {
    if (!(error instanceof UnknownSyntaxError)) throw error;
    const reason = error.message.slice(0, maximumReasonCharacters).toWellFormed();
    throw new ToolError(`The statement was refused: ${reason}.`, { cause: error });
  }
}

/**
 * Whether the text still means the statement where it stands as the only subquery in FROM of another: nothing of it
 * reached over its place.
 */
export async function standsAsSubquery({ node }: ParsedStatement, sql: string): Promise<boolean> {
  const { stmts = [] } = await parseFile(sql);
  const outer = stmts[0]?.stmt as { SelectStmt?: { fromClause?: Tree[] } } | undefined;
  const [from, ...others] = outer?.SelectStmt?.fromClause ?? [];
  const subquery = (from?.['RangeSubselect'] as Tree | undefined)?.['subquery'];
  const alone = stmts.length === 1 && others.length === 0;
  return alone && withoutPlaces(subquery) === withoutPlaces({ [node.type]: node.body });
}

export interface Token {
  text: string;
  /** Places in bytes. */
  begin: number;
  end: number;
  kind: string;
}

/**
 * The words of a statement.
 * @throws ToolError when it is too long, or no sequence of words
 */
export async function scanTokens(sql: string): Promise<Token[]> {
  const { scanSync } = await parser();
  const { tokens } = understood(sql, scanSync);
  if (tokens.length > maximumTokens) {
    throw new ToolError('The statement has too many words; write a shorter one.');
  }
  return tokens.map(({ text, start, end, tokenName }) => ({ text, begin: start, end, kind: tokenName }));
}

function noStatement(): ToolError {
  return new ToolError('There is no statement; write one SELECT.');
}

async function parseFile(sql: string): Promise<ParsedFile> {
  const { parseSync } = await parser();
  return understood(sql, parseSync) as ParsedFile;
}

function understood<Result>(sql: string, read: (sql: string) => Result): Result {
  if (sql.trim() === '') throw noStatement();
  if (sql.includes('\0')) throw new ToolError('The statement holds a NUL character.');
  try {
    return read(sql);
  } catch (error) {
    const { name, message } = error as Error;
    const reason =
      name === 'SqlError' ? message.slice(0, maximumReasonCharacters).toWellFormed() : 'too much of it';
    throw new ToolError(`The statement cannot be parsed: ${reason}.`, { cause: error });
  }
}

/** Places are counted in bytes; a length of 0 means: to the end. */
function textOf(sql: string, { stmt_location: begin = 0, stmt_len: length = 0 }: StatementPlace): string {
  const bytes = Buffer.from(sql, 'utf8');
  return bytes.subarray(begin, length > 0 ? begin + length : undefined).toString('utf8');
}

interface StatementPlace {
  stmt_location?: number;
  stmt_len?: number;
}

const places = new Set(['location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end']);

function withoutPlaces(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => (places.has(key) ? undefined : value)) ?? '';
}
