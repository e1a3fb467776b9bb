import type { Json } from '../runs/message.ts';

/**
 * The JSON Canonicalization Scheme (RFC 8785): members by name in UTF-16 code units, no white space, numbers and
 * texts as ECMAScript writes them. Not by way of a sorted object: its integer-like names would come first.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
