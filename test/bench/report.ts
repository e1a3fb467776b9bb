import { cpus, loadavg, totalmem } from 'node:os';
import type { JudgedGoal } from './goals.ts';
import type { Row, Table } from './group.ts';
import { isPinned } from './processes.ts';

/** The whole outcome of a run, as it is written to the results. */
export interface Report {
  date: string;
  machine: string;
  node: string;
  seconds: number;
  tables: readonly Table[];
  goals: readonly JudgedGoal[];
}

/** The machine as it is before the run; a load of its own makes times long and ratios uncertain. */
export function machineName(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const pinned = isPinned() ? 'server and load on a core each' : 'server and load not pinned';
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${memory} GB, ${pinned}, load average before ${load}`;
}

/** A number in at most four characters that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function cell(value: Row['cells'][string] | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return figure(value);
  if (Number.isNaN(value.median)) return '–';
  return `${figure(value.median)} (${figure(value.min)}–${figure(value.max)})`;
}

/** The table as text: median, and in brackets the smallest and the largest. */
export function tableText(table: Table): string {
  const lines = [
    ['', ...table.columns],
    ...table.rows.map((row) => [row.name, ...table.columns.map((column) => cell(row.cells[column]))]),
  ];
  return `${table.title}\n${aligned(lines)}\n`;
}

export function goalsText(goals: readonly JudgedGoal[]): string {
  const lines = goals.map(({ figure: name, bound, value, unit, measured, met }) => [
    met ? 'met' : 'NOT MET',
    name,
    `${figure(measured)} ${unit}`.trim(),
    `${bound} ${value} ${unit}`.trim(),
  ]);
  return `Goals\n${aligned([['', 'figure', 'measured', 'goal'], ...lines])}\n`;
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines
    .map((line) => `  ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
