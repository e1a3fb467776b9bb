import type { SourceAccess, SqlValue } from './permissions.ts';

/**
 * The data guard's port: a database in which a statement reaches what its access permits and nothing else, whatever
 * it says. Read-only, one statement at a time, stopped at its time limit.
 */
export interface GuardedDatabase {
  /** What the model writes. */
  readonly dialect: 'SQLite' | 'PostgreSQL';
  /**
   * The permitted part of the database: closed tables and columns do not occur.
   * @throws ToolError when the database does not answer, or the access names what does not exist.
   */
  schema(request: SchemaRequest): Promise<DescribedTable[]>;
  /**
   * Runs one reading statement.
   * @throws ToolError that names the table or column which is not permitted, or says what the database refused or
   *   that the time is over; never with a value out of the database. The signal's reason when it aborts.
   */
  query(query: GuardedQuery): Promise<QueryResult>;
  /** Ends its processes or connections. */
  close(): Promise<void>;
}

export interface SchemaRequest {
  access: SourceAccess;
  /** Whether to take a few values out of the columns of tables without a row filter. */
  samples: boolean;
  signal: AbortSignal;
}

export interface GuardedQuery {
  sql: string;
  /** Bound to `:name`; what a statement does not name is ignored. */
  parameters: Readonly<Record<string, SqlValue>>;
  access: SourceAccess;
  /** Rows beyond it are not read. */
  maxRows: number;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface DescribedTable {
  name: string;
  comment?: string;
  columns: DescribedColumn[];
}

export interface DescribedColumn {
  name: string;
  /** As the database spells it; empty: none is declared. */
  type: string;
  comment?: string;
  /** A few values that occur. */
  samples?: SqlValue[];
}

export interface QueryResult {
  columns: string[];
  rows: SqlValue[][];
  /** Whether there was more than `maxRows`, or than the size cap. */
  truncated: boolean;
  /** Names as the database has them, sorted. */
  tablesAccessed: string[];
  /** `table.column`, sorted. */
  columnsAccessed: string[];
  milliseconds: number;
}

/** Largest result: values beyond it are not read. */
export const maxResultBytes = 262_144;
/** A longer text is cut. */
export const maxCellCharacters = 4000;
/** A longer statement is refused. */
export const maxStatementCharacters = 20_000;
