import type { Child } from './processes.ts';
import type { Spread } from './measure.ts';

/** One line of the table. */
export interface Row {
  name: string;
  /** By column, in the column's unit. */
  cells: Readonly<Record<string, Spread | number>>;
}

/** A part of the report: a table of its own. */
export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly Row[];
}

/** Figures that goals look at, by the goal's key. */
export type Figures = Readonly<Record<string, number>>;

export interface GroupResult {
  tables: readonly Table[];
  figures: Figures;
}

export interface GroupOptions {
  load: Child;
  short: boolean;
  /** Folder for processor profiles of the gateway. */
  profile?: string | undefined;
}

export type Group = (options: GroupOptions) => Promise<GroupResult>;
