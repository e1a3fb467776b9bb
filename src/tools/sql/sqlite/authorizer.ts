import { constants } from 'node:sqlite';
import { ToolError } from '../../tool.ts';
import { columnRefusal, tableRefusal } from '../permissions.ts';
import { permittedFunctions, permittedTableFunctions } from './permitted-functions.ts';

/** What a statement may reach; the names of tables are in lower case. */
export interface Reach {
  /** The unguessable name under which the operator's database is attached. */
  base: string;
  /** Base table → its columns, in lower case, that the views in front of it read. */
  baseColumns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of the views that statements see. */
  views: ReadonlyMap<string, string>;
  /** Filtered copy → the table that it holds rows of. */
  copies: ReadonlyMap<string, string>;
  /** Every table and view of the operator's database, as it is spelt there. */
  catalogue: ReadonlyMap<string, string>;
  /** SQLite's own virtual tables. */
  modules: ReadonlySet<string>;
}

/** In SQLite's words: what the statement does, and to what. */
export type Asked = [
  action: number,
  first: string | null,
  second: string | null,
  database: string | null,
  view: string | null,
];

/**
 * Decides on everything that SQLite asks about while it compiles a statement, and notes what was read.
 *
 * It never looks at the name of the view from within which something is read: a common table expression of the
 * same name looks alike. Nor is it the only fence, because SQLite does not ask about the columns of USING and
 * NATURAL: those stand only in the views that it lets through.
 */
export class Authorizer {
  readonly #reach: Reach;
  readonly #tables = new Set<string>();
  readonly #columns = new Set<string>();
  readonly #copied = new Set<string>();
  #refusal: ToolError | undefined;

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** Why the statement was denied. */
  get refusal(): ToolError | undefined {
    return this.#refusal;
  }

  /** Tables that were read, as the database spells them, sorted. */
  get tables(): string[] {
    return [...this.#tables].sort();
  }

  /** `table.column`, sorted. */
  get columns(): string[] {
    return [...this.#columns].sort();
  }

  /** Tables whose filtered copy is read. */
  get copied(): ReadonlySet<string> {
    return this.#copied;
  }

  readonly decide = (...asked: Asked): number => {
    const refusal = this.#judge(...asked);
    if (refusal === undefined) return constants.SQLITE_OK;
    this.#refusal ??= refusal;
    return constants.SQLITE_DENY;
  };

  #judge(...[action, first, second, database]: Asked): ToolError | undefined {
    switch (action) {
      case constants.SQLITE_SELECT:
      case constants.SQLITE_RECURSIVE:
        return undefined;
      case constants.SQLITE_READ:
        return this.#read(first ?? '', second ?? '', database);
      case constants.SQLITE_FUNCTION:
        if (permittedFunctions.has((second ?? '').toLowerCase())) return undefined;
        return new ToolError(`The function ${second} is not permitted.`);
      default: {
        const what = actionNames.get(action) ?? 'This';
        return new ToolError(
          `${what}${first ? ` (${first})` : ''} is not permitted: only one SELECT statement is.`,
        );
      }
    }
  }

  #read(table: string, column: string, database: string | null): ToolError | undefined {
    const name = table.toLowerCase();
    if (database === this.#reach.base) return this.#readBase(table, column);
    if (database === 'temp') return this.#readTemporary(name, column);
    if (permittedTableFunctions.has(name)) return undefined;
    // Without a database: a table of which no column is read, as it is written, or a common table expression.
    const isOwn = name.startsWith('sqlite_') || name.startsWith('pragma_') || this.#reach.modules.has(name);
    if (database !== null || isOwn) return tableRefusal(table);
    if (this.#reach.catalogue.has(name) && !this.#reach.views.has(name)) return tableRefusal(table);
    return undefined;
  }

  #readBase(table: string, column: string): ToolError | undefined {
    const name = table.toLowerCase();
    const open = this.#reach.baseColumns.get(name);
    if (!open) return tableRefusal(table);
    if (column !== '' && !open.has(column.toLowerCase())) return columnRefusal(table, column);
    this.#tables.add(this.#reach.catalogue.get(name) ?? table);
    return undefined;
  }

  #readTemporary(name: string, column: string): ToolError | undefined {
    const original = this.#reach.copies.get(name);
    if (original !== undefined) {
      this.#copied.add(original);
      this.#tables.add(original);
      return undefined;
    }
    const view = this.#reach.views.get(name);
    if (view === undefined) return tableRefusal(name);
    if (column !== '') this.#columns.add(`${view}.${column}`);
    return undefined;
  }
}

const actionNames: ReadonlyMap<number, string> = new Map([
  [constants.SQLITE_PRAGMA, 'PRAGMA'],
  [constants.SQLITE_ATTACH, 'ATTACH'],
  [constants.SQLITE_DETACH, 'DETACH'],
  [constants.SQLITE_INSERT, 'INSERT'],
  [constants.SQLITE_UPDATE, 'UPDATE'],
  [constants.SQLITE_DELETE, 'DELETE'],
  [constants.SQLITE_TRANSACTION, 'A transaction'],
]);
