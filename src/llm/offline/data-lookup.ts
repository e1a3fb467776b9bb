import { isRecord } from './chat.ts';

const maxDepth = 8;

/** The first value under this name, near the top before deep down; upper case and underscores do not matter. */
export function lookUp(name: string, data: readonly unknown[], depth = 0): unknown {
  if (data.length === 0 || depth > maxDepth) return undefined;
  for (const item of data) {
    if (!isRecord(item)) continue;
    const key = Object.keys(item).find((candidate) => normalize(candidate) === normalize(name));
    if (key !== undefined && item[key] !== null) return item[key];
  }
  return lookUp(name, data.flatMap(inside), depth + 1);
}

function inside(item: unknown): unknown[] {
  if (Array.isArray(item)) return item;
  return isRecord(item) ? Object.values(item) : [];
}

/** A name as it is compared: without case, underscores and hyphens. */
export function normalize(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
