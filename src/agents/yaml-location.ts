import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { FilePath } from './agent-file.ts';

export interface LocatedProblem {
  /** From 1. */
  line: number;
  reason: string;
}

export interface LocatedValue {
  /** Plain JSON: aliases expanded, nothing shared. */
  value: unknown;
  /** The line of the property or list item at `path`; of the nearest one above it if it is not there. */
  lineOf: (path: FilePath) => number;
}

const maxReported = 5;
const maxAliasCount = 100;

/** Reads YAML 1.2 or JSON and remembers where everything stands. */
export function parseLocated(source: string): LocatedValue | { problems: LocatedProblem[] } {
  const lines = new LineCounter();
  // Pretty errors would quote the source, which may hold a secret.
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: true,
  });
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    line: lineAt(error.pos[0]),
    reason: error.code === 'RESOURCE_EXHAUSTION' ? 'is nested too deeply' : error.message,
  }));
  if (problems.length > 0) return { problems: problems.slice(0, maxReported) };
  try {
    const value: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount })));
    return { value, lineOf: (path) => lineAt(offsetOf(document, path)) };
  } catch (error) {
    return { problems: [{ line: lineAt(aliasOffset(document)), reason: aliasReason(error) }] };
  }
}

/** Reading a parsed document can only fail over its aliases. */
function aliasReason(error: unknown): string {
  if (error instanceof ReferenceError) return error.message;
  return 'an alias stands inside what it stands for, or the file is nested too deeply';
}

/** The first alias without an anchor before it, else the first alias. */
function aliasOffset(document: Document): number {
  let first: number | undefined;
  let unresolved: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      const offset = alias.range?.[0] ?? 0;
      first ??= offset;
      if (unresolved === undefined && alias.resolve(document) === undefined) unresolved = offset;
    },
  });
  return unresolved ?? first ?? 0;
}

function offsetOf(document: Document, path: FilePath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
      if (!pair) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === 'number') {
      const item: unknown = node.items[segment];
      if (item === undefined) return offset;
      if (isScalar(item) || isMap(item) || isSeq(item) || isAlias(item)) offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
