import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Coverage } from './coverage.ts';
import { coveredBindings } from './covered-bindings.ts';
import { coveredOperations } from './covered-operations.ts';

/** A requirement of the public compatibility kit for v1.0. */
export interface Requirement {
  id: string;
  level: 'MUST' | 'SHOULD' | 'MAY';
  /** Of the specification. */
  section: string;
}

/** All that the kit lists, whether it has a test for it or not. */
export const requirements = JSON.parse(
  readFileSync(join(import.meta.dirname, 'requirements.json'), 'utf8'),
) as readonly Requirement[];

/** Which tests of ours show which requirement. */
export const coverage: ReadonlyMap<string, Coverage> = new Map([
  ...Object.entries(coveredOperations),
  ...Object.entries(coveredBindings),
]);
