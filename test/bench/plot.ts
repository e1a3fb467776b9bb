import type { Row, Table } from './group.ts';
import { figure, type Report } from './report.ts';

const width = 860;
const labelWidth = 230;
const valueWidth = 90;
const rowHeight = 24;
const barHeight = 14;
const headHeight = 44;

/** The first column of every table as bars, each table on its own scale, with a whisker from smallest to largest. */
export function plotOf(report: Report): string {
  let top = 56;
  const parts: string[] = [];
  for (const table of report.tables) {
    parts.push(chart(table, top));
    top += headHeight + table.rows.length * rowHeight;
  }
  const caption = `${report.date.slice(0, 10)} · Node ${report.node} · ${report.machine}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + 16}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${top + 16}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="bold">a2a-gateway, measured</text>`,
    `<text x="16" y="44" fill="#555555">${escaped(caption)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function chart(table: Table, top: number): string {
  const [column = ''] = table.columns;
  const rows = table.rows.flatMap((row) => bounds(row, column));
  const largest = Math.max(...rows.map(({ max }) => max));
  const scale = (value: number): number => (Math.max(0, value) / largest) * (width - labelWidth - valueWidth);
  const title = `<text x="16" y="${top + 24}" font-weight="bold">${escaped(`${table.title}: ${column}`)}</text>`;
  const bars = rows.map((row, index) => {
    const y = top + headHeight - 8 + index * rowHeight;
    const colour = row.name.startsWith('gateway') ? '#1f6feb' : '#b8c0cc';
    const middle = y + barHeight / 2;
    return [
      `<text x="16" y="${y + 11}">${escaped(row.name)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${scale(row.median).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
      `<path d="M${x(scale(row.min))} ${middle}H${x(scale(row.max))}" stroke="#333333"/>`,
      `<text x="${x(scale(row.max) + 8)}" y="${y + 11}">${figure(row.median)}</text>`,
    ].join('\n');
  });
  return [title, ...bars].join('\n');
}

interface Bar {
  name: string;
  median: number;
  min: number;
  max: number;
}

function bounds({ name, cells }: Row, column: string): Bar[] {
  const value = cells[column];
  if (value === undefined) return [];
  return [typeof value === 'number' ? { name, median: value, min: value, max: value } : { name, ...value }];
}

function x(offset: number): string {
  return (labelWidth + offset).toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
