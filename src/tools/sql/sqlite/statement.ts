import { ToolError } from '../../tool.ts';
import { maxStatementCharacters } from '../guarded-database.ts';

/** A name as it is written: bare, or in one of SQLite's four kinds of quotes (it takes '…' for a name, too). */
interface Token {
  kind: 'name' | 'quoted' | 'string' | 'sign';
  text: string;
}

const tokens =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*'|[\p{L}_$\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*|[\s\S]/gu;

/** What SQLite itself keeps, and its tables that show it. */
const internalName = /^(?:sqlite|pragma)_/i;

/**
 * Refuses what is not one reading statement. The authorizer and the read-only database are the boundary; this
 * makes the refusals clear, and closes SQLite's own tables, which a join with USING reads unseen by an authorizer.
 * @throws ToolError
 */
export function checkStatement(sql: string, modules: ReadonlySet<string>): void {
  if (sql.length > maxStatementCharacters) {
    throw new ToolError(`The statement is longer than ${maxStatementCharacters} characters.`);
  }
  if (sql.includes('\0')) throw new ToolError('The statement holds a NUL character.');
  const found = tokensOf(sql);
  const first = found.find(({ text }) => text !== '(')?.text ?? '';
  if (!/^(?:select|with|values)$/i.test(first)) {
    const said = /^\w+$/.test(first) ? `${first.toUpperCase()} is not permitted: ` : '';
    throw new ToolError(`${said}only one SELECT statement is.`);
  }
  const end = found.findIndex(({ kind, text }) => kind === 'sign' && text === ';');
  if (end >= 0 && found.slice(end).some(({ text }) => text !== ';')) {
    throw new ToolError('Only one statement is permitted; here is more than one.');
  }
  const internal = found.find(
    ({ kind, text }) =>
      kind !== 'sign' && (internalName.test(text) || (kind !== 'string' && modules.has(text.toLowerCase()))),
  );
  if (internal) throw new ToolError(`SQLite's own ${internal.text} is not permitted.`);
}

function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(tokens)].flatMap(([text]): Token[] => {
    if (/^(?:\s|--|\/\*)/.test(text)) return [];
    const quote = text.length > 1 ? text.charAt(0) : '';
    const inner = text.slice(1, -1);
    if (quote === "'") return [{ kind: 'string', text: inner.replaceAll("''", "'") }];
    if (quote === '[') return [{ kind: 'quoted', text: inner }];
    if (quote === '"' || quote === '`') {
      return [{ kind: 'quoted', text: inner.replaceAll(quote + quote, quote) }];
    }
    const isName = /^[\p{L}_$\u0080-\uffff]/u.test(text);
    return [{ kind: isName ? 'name' : 'sign', text }];
  });
}
