/**
 * The row of a Markdown table that has only one, by its column names, as a tool answers with it; undefined for any
 * other text. An empty cell is null. Of several rows none is the one that was asked for.
 */
export function singleRow(text: string): Record<string, string | null> | undefined {
  const [header, rule, row, ...more] = text.split('\n').filter((line) => line.trim() !== '');
  if (header === undefined || row === undefined || more.length > 0) return undefined;
  if (!/^\|(?: --- \|)+$/.test(rule ?? '')) return undefined;
  const [names, values] = [cellsOf(header), cellsOf(row)];
  if (names.length !== values.length) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, values[index] || null]));
}

function cellsOf(line: string): string[] {
  const cells = line.replace(/^\| /, '').replace(/ \|$/, '').split(' | ');
  return cells.map((cell) => cell.replaceAll(/\\([\\|])/g, '$1'));
}
