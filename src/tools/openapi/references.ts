import { followReference, isMap } from '../api-document.ts';
import type { ApiDocument } from '../api-document.ts';

/** A part of a document is grown to so many values; references beyond them stay closed. */
const maximumValues = 3000;
/** And to so many references, each inside the one before. */
const maximumDepth = 8;

const annotations: ReadonlySet<string> = new Set(['$ref', 'description', 'summary']);

/**
 * Puts what references point to in their places. What refers to itself stays finite: where a reference stands inside
 * its own target, where references are nested too deeply, and where a part has grown too large, the target is left
 * out and anything is allowed in its place.
 * @throws ApiDocumentError for a reference that leads out of the document, or to nothing.
 */
export function inlineReferences(document: ApiDocument, part: unknown): unknown {
  return new Inliner(document).grow(part, []);
}

class Inliner {
  readonly #document: ApiDocument;
  #values = 0;

  constructor(document: ApiDocument) {
    this.#document = document;
  }

  /** @param open the references that stand around the part */
  grow(part: unknown, open: readonly string[]): unknown {
    this.#values += 1;
    if (Array.isArray(part)) return part.map((member: unknown) => this.grow(member, open));
    if (!isMap(part)) return part;
    if (typeof part['$ref'] === 'string') return this.#follow(part, part['$ref'], open);
    return this.#members(part, open);
  }

  #members(part: Readonly<Record<string, unknown>>, open: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, this.grow(member, open)]));
  }

  #follow(part: Readonly<Record<string, unknown>>, reference: string, open: readonly string[]): unknown {
    const found = followReference(this.#document, reference);
    const closed = open.includes(reference) || open.length >= maximumDepth || this.#values > maximumValues;
    const target = closed ? outline(found, reference) : this.grow(found, [...open, reference]);
    return isMap(target) ? this.#beside(part, target, open) : target;
  }

  /** What stands beside a reference: other words, and since version 3.1 further rules. */
  #beside(
    part: Readonly<Record<string, unknown>>,
    target: Readonly<Record<string, unknown>>,
    open: readonly string[],
  ): unknown {
    const names = Object.keys(part);
    const rules = names.filter((name) => !annotations.has(name));
    const { $ref: _reference, ...others } = part;
    if (rules.length === 0) return { ...target, ...others };
    if (this.#document.openapi.startsWith('3.0')) return target;
    const { allOf = [], ...beside } = this.#members(others, open);
    return { ...beside, allOf: [target, ...(allOf as unknown[])] };
  }
}

/** What is said of a target that is left out. */
function outline(target: unknown, reference: string): Record<string, unknown> {
  const type = isMap(target) && typeof target['type'] === 'string' ? { type: target['type'] } : {};
  return { ...type, description: `Like ${reference.split('/').at(-1)}.` };
}
