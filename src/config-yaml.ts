import { readFileSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { LineCounter, parseDocument } from 'yaml';

/** Notes what is wrong with a file that a variable names. */
export type RejectFile = (problem: string) => void;

/**
 * The content of a YAML file as plain values, an empty file as an empty list; undefined when it cannot be read,
 * which is noted.
 */
export function parseYamlFile(path: string, reject: RejectFile): unknown {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch {
    reject('cannot be read');
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { prettyErrors: false, lineCounter: lines });
  // The parser's own messages quote the source, which may hold a secret: only where it failed is told.
  for (const error of document.errors) {
    reject(`is not valid YAML at line ${lines.linePos(error.pos[0]).line} (${error.code})`);
  }
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS() ?? [];
  } catch {
    reject('is not valid YAML (aliases)');
    return undefined;
  }
}

/** What does not follow the schema, and where; never the value itself. */
export function describeMisfit(error: ErrorObject): string {
  const at = error.instancePath === '' ? 'the file' : error.instancePath;
  const property: unknown = error.params['additionalProperty'];
  const unknownProperty = typeof property === 'string' ? ` (${property})` : '';
  return `${at} ${error.message ?? 'is not valid'}${unknownProperty}`;
}
