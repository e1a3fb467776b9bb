import type { DescribedTable, QueryResult } from '../guarded-database.ts';
import type { SourceAccess, SqlValue } from '../permissions.ts';

/** What a child process is asked to do; one at a time. */
export type Job = QueryJob | SchemaJob | LoadJob;

/** Runs one statement on a database file. */
export interface QueryJob {
  kind: 'query';
  file: string;
  access: SourceAccess;
  sql: string;
  parameters: Readonly<Record<string, SqlValue>>;
  maxRows: number;
}

/** Describes the permitted part of a database file. */
export interface SchemaJob {
  kind: 'schema';
  file: string;
  access: SourceAccess;
  samples: boolean;
}

/** Makes a database file out of a script or of files with rows. */
export interface LoadJob {
  kind: 'load';
  type: 'script' | 'csv' | 'json';
  /** A script; or files, each of which becomes a table. */
  files: readonly string[];
  /** The database file to make. */
  target: string;
}

export interface JobResults {
  query: QueryResult;
  schema: DescribedTable[];
  load: null;
}

/** `refusal` is a sentence for whoever wrote the statement; a fault of the child itself has none. */
export type JobAnswer = { ok: true; result: JobResults[keyof JobResults] } | { ok: false; refusal?: string };
