import { randomBytes } from 'node:crypto';
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ToolError } from '../../tool.ts';
import { permittedTables, type PermittedTable, type SourceAccess, type SqlValue } from '../permissions.ts';
import { Authorizer, type Asked, type Reach } from './authorizer.ts';
import { quoted, readCatalogue, readModules, type CatalogueEntry } from './catalogue.ts';

/** Begins the name of what a view stands for that closes a table. */
export const closedMark = 'closed table: ';

/**
 * A connection in which only the permitted part of a database file can be named. The file is attached, read-only,
 * under a name that nobody can guess; in front of it stand temporary views with the permitted columns, under
 * the tables' own names. A table with a row filter is a copy of its permitted rows instead: the optimizer may
 * evaluate a statement's own conditions before those of a view, and their errors would tell about hidden rows.
 * What is closed has a view too, which refuses, so that no name falls through to the file.
 */
export class GuardedConnection {
  readonly catalogue: readonly CatalogueEntry[];
  readonly permitted: readonly PermittedTable[];
  readonly modules: ReadonlySet<string>;
  readonly #db = new DatabaseSync(':memory:');
  readonly #base = `b${randomBytes(16).toString('hex')}`;
  readonly #copies = new Map<string, string>();

  /**
   * @param file absolute path of a SQLite database
   * @throws ToolError when the access names what does not exist
   */
  constructor(file: string, access: SourceAccess) {
    try {
      this.#attach(file);
      this.#db.exec('PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; BEGIN');
      this.modules = readModules(this.#db);
      this.catalogue = readCatalogue(this.#db, this.#base);
      this.permitted = permittedTables(access, this.catalogue, { ignoreCase: true });
      for (const entry of this.catalogue) this.#expose(entry);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Compiles a statement under guard; its filtered copies are filled. The guard stays on for it.
   * @throws ToolError with what is not permitted, else SQLite's own error
   */
  prepare(sql: string): { statement: StatementSync; authorizer: Authorizer } {
    const authorizer = new Authorizer(this.#reach());
    this.#db.setAuthorizer(authorizer.decide);
    try {
      const statement = this.#db.prepare(sql);
      for (const table of authorizer.copied) this.#fill(table);
      this.#db.setAuthorizer(authorizer.decide);
      return { statement, authorizer };
    } catch (error) {
      throw authorizer.refusal ?? error;
    }
  }

  /** A message of SQLite's without the hidden name. */
  withoutBase(message: string): string {
    return message.replaceAll(`${this.#base}.`, '').replaceAll(this.#base, '');
  }

  close(): void {
    this.#db.close();
  }

  #expose({ name }: CatalogueEntry): void {
    const view = `CREATE TEMP VIEW ${quoted(name)} AS SELECT`;
    const table = this.permitted.find((candidate) => candidate.name === name);
    if (!table) {
      this.#db.exec(`${view} 1 AS closed FROM ${quoted(closedMark + name)}`);
      return;
    }
    const columns = table.columns.map(quoted).join(', ');
    const original = `${this.#base}.${quoted(name)}`;
    if (table.rows.length === 0) {
      this.#db.exec(`${view} ${columns} FROM ${original}`);
      return;
    }
    const copy = `c${randomBytes(16).toString('hex')}`;
    this.#copies.set(name, copy);
    this.#db.exec(`CREATE TEMP TABLE ${copy} AS SELECT ${columns} FROM ${original} WHERE 0`);
    this.#db.exec(`${view} ${columns} FROM temp.${copy}`);
  }

  #attach(file: string): void {
    try {
      this.#db.prepare(`ATTACH ? AS ${this.#base}`).run(`${pathToFileURL(file).href}?mode=ro`);
    } catch (error) {
      throw new ToolError('The database file of this data source cannot be opened.', { cause: error });
    }
  }

  #reach(): Reach {
    const lower = (name: string): string => name.toLowerCase();
    const unfiltered = this.permitted.filter(({ rows }) => rows.length === 0);
    return {
      base: this.#base,
      baseColumns: new Map(unfiltered.map(({ name, columns }) => [lower(name), new Set(columns.map(lower))])),
      views: new Map(this.permitted.map(({ name }) => [lower(name), name])),
      copies: new Map([...this.#copies].map(([name, copy]) => [copy, name])),
      catalogue: new Map(this.catalogue.map(({ name }) => [lower(name), name])),
      modules: this.modules,
    };
  }

  /**
   * Puts the permitted rows of a table into its copy. Where the table is a view of the operator's, what that reads
   * must be permitted, too.
   */
  #fill(name: string): void {
    const table = this.permitted.find((candidate) => candidate.name === name);
    const copy = this.#copies.get(name);
    if (!table || copy === undefined) return;
    const guard = new Authorizer(this.#reach());
    this.#db.setAuthorizer((...asked: Asked) => {
      const [action, first, , database] = asked;
      const own = database === this.#base && first === name;
      const reads = action === constants.SQLITE_READ || action === constants.SQLITE_FUNCTION;
      return own || !reads ? constants.SQLITE_OK : guard.decide(...asked);
    });
    // Compared as it is, whatever the column's collation takes for equal.
    const conditions = table.rows.map(({ column }) => `${quoted(column)} = ? COLLATE BINARY`);
    const columns = table.columns.map(quoted).join(', ');
    const original = `${this.#base}.${quoted(name)}`;
    try {
      this.#db
        .prepare(
          `INSERT INTO temp.${copy} SELECT ${columns} FROM ${original} WHERE ${conditions.join(' AND ')}`,
        )
        .run(...table.rows.map(({ value }) => bindable(value)));
    } catch (error) {
      throw guard.refusal ?? error;
    }
  }
}

/** SQLite has no booleans: it keeps 1 and 0. */
export function bindable(value: SqlValue): string | number | null {
  return typeof value === 'boolean' ? Number(value) : value;
}
