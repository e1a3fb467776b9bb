/**
 * On which lines (from 1) the entries of a JSON list or object stand, by their position or key: `JSON.parse` does not
 * tell. The text must be valid JSON.
 */
export function entryLines(json: string): Map<string, { start: number; end: number }> {
  const lines = new Map<string, { start: number; end: number }>();
  const entry = { from: 0, start: 0, end: 0 };
  let position = 0;
  const finish = (): void => {
    if (entry.start > 0) lines.set(keyOf(json, entry.from, position), { start: entry.start, end: entry.end });
    entry.start = 0;
    position += 1;
  };
  let line = 1;
  let depth = 0;
  for (const { 0: token, index } of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[\n[\]{},]|[^\s"[\]{},]+/g)) {
    const closes = token === ']' || token === '}';
    if (token === '\n') line += 1;
    else if (depth === 1 && (closes || token === ',')) finish();
    else if (depth > 0) {
      if (entry.start === 0) Object.assign(entry, { from: index, start: line });
      entry.end = line;
    }
    if (closes) depth -= 1;
    else if (token === '[' || token === '{') depth += 1;
  }
  return lines;
}

/** An entry of an object begins with its key and a colon, an element of a list has its position. */
function keyOf(json: string, from: number, position: number): string {
  const key = /"[^"\\]*(?:\\.[^"\\]*)*"(?=\s*:)/y;
  key.lastIndex = from;
  const [found] = key.exec(json) ?? [];
  return found === undefined ? String(position) : String(JSON.parse(found));
}
