export interface ColumnReference {
  /** What stands before the dot. */
  qualifier: string | undefined;
  /** `*`: all of them. */
  name: string;
}

/** What a statement refers to, as it is written: which table each word means is PostgreSQL's to say. */
export class StatementReading {
  /** The tables that it reads: what stands in FROM and is no name of WITH there. */
  readonly tables = new Set<string>();
  readonly columns: ColumnReference[] = [];
  /** Those of the columns that stand behind a dot: PostgreSQL calls a function where there is no such column. */
  readonly fields: ColumnReference[] = [];
  /** Tables by the names they are called by in the statement. */
  readonly #called = new Map<string, Set<string>>();
  /** Tables whose columns got other names. */
  readonly #renamed = new Set<string>();
  /** Names of the statement's own: aliases, output columns, functions (a column is named after its function). */
  readonly #defined = new Set<string>();

  table(name: string, called: string, renamed: boolean): void {
    this.tables.add(name);
    this.#called.set(called, (this.#called.get(called) ?? new Set()).add(name));
    if (renamed) this.#renamed.add(name);
  }

  column(reference: ColumnReference): void {
    this.columns.push(reference);
  }

  /** @param reference without a qualifier where a value stands before the dot: `(x).f` */
  field(reference: ColumnReference): void {
    this.columns.push(reference);
    this.fields.push(reference);
  }

  define(names: readonly string[]): void {
    for (const name of names) this.#defined.add(name);
  }

  /** Whether the name may mean something that the statement itself defines. */
  defines(name: string): boolean {
    return this.#defined.has(name);
  }

  /** The tables whose columns a reference may mean; none where it is qualified by something else. */
  candidates({ qualifier }: ColumnReference): string[] {
    if (qualifier === undefined) return [...this.tables];
    return this.defines(qualifier) ? [] : this.calledSo(qualifier);
  }

  /** The tables that are called so anywhere in the statement; something else may be too. */
  calledSo(name: string): string[] {
    return [...(this.#called.get(name) ?? [])];
  }

  /** The tables of which a reference means every column: `*`, `c.*`, the whole row `c`; renamed ones always. */
  whole({ qualifier, name }: ColumnReference): string[] {
    if (name === '*') return qualifier === undefined ? [...this.tables] : this.calledSo(qualifier);
    return qualifier === undefined ? this.calledSo(name) : [];
  }

  get renamed(): readonly string[] {
    return [...this.#renamed];
  }
}
