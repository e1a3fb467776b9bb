import { ToolError } from '../tool.ts';
import type { ParameterPlan, ParameterStyle } from './parameter-plan.ts';

type Pair = readonly [name: string, value: string];

/**
 * An argument as pairs of the query, percent-encoded and ready to be joined with `&` (OpenAPI, "Style Values").
 * Reserved characters are always encoded: `allowReserved` only says that they need not be.
 */
export function queryPairs(parameter: ParameterStyle & { isJson?: boolean }, value: unknown): string[] {
  if (isAbsent(value)) return [];
  if (parameter.isJson) return [pair([parameter.name, JSON.stringify(value)])];
  const write = queryStyles[parameter.style] ?? form;
  return write(parameter, value);
}

/**
 * An argument as it stands in a path segment.
 * @throws ToolError when it is absent or empty.
 */
export function pathSegment(parameter: ParameterPlan, value: unknown): string {
  const text = isAbsent(value) ? '' : writePath(parameter, value);
  if (text === '') throw new ToolError(`The argument ${parameter.argument} is needed and must not be empty.`);
  return text;
}

/** An argument as a header's value: not encoded, with commas between (style `simple`). */
export function headerValue({ isJson, explode }: ParameterPlan, value: unknown): string {
  return isJson ? JSON.stringify(value) : simple(value, explode, String);
}

/** Null counts as not there: models fill optional arguments with it. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

const queryStyles: Readonly<Record<string, (parameter: ParameterStyle, value: unknown) => string[]>> = {
  form,
  spaceDelimited: (parameter, value) => delimited(parameter, value, '%20'),
  pipeDelimited: (parameter, value) => delimited(parameter, value, '%7C'),
  deepObject: ({ name }, value) => nested(name, value).map(pair),
};

function form({ name, explode }: ParameterStyle, value: unknown): string[] {
  if (!explode) return [`${encode(name)}=${simple(value, false, encode)}`];
  if (Array.isArray(value)) return value.map((item: unknown) => pair([name, scalar(item)]));
  if (isObject(value)) return entries(value).map(([member, one]) => pair([member, scalar(one)]));
  return [pair([name, scalar(value)])];
}

function delimited(parameter: ParameterStyle, value: unknown, delimiter: string): string[] {
  if (parameter.explode || !(Array.isArray(value) || isObject(value))) return form(parameter, value);
  const parts = Array.isArray(value) ? (value as unknown[]).map(scalar) : entries(value).flatMap(flat);
  return [`${encode(parameter.name)}=${parts.map(encode).join(delimiter)}`];
}

/** `filter[price][max]=3`; the specification leaves lists inside open: their name is repeated. */
function nested(name: string, value: unknown): Pair[] {
  if (isObject(value)) return entries(value).flatMap(([member, one]) => nested(`${name}[${member}]`, one));
  if (Array.isArray(value)) return value.map((item: unknown) => [name, scalar(item)] as const);
  return [[name, scalar(value)]];
}

/** Styles of the path: `simple` (`a,b`), `label` (`.a.b`), `matrix` (`;id=a,b`). */
function writePath({ name, style, explode, isJson }: ParameterPlan, value: unknown): string {
  if (isJson) return encode(JSON.stringify(value));
  if (style === 'label') return `.${simple(value, explode, encode, explode ? '.' : ',')}`;
  if (style !== 'matrix') return simple(value, explode, encode);
  if (!explode || !(Array.isArray(value) || isObject(value))) {
    return `;${encode(name)}=${simple(value, false, encode)}`;
  }
  const pairs = Array.isArray(value)
    ? (value as unknown[]).map((item) => [name, item] as const)
    : entries(value);
  return pairs.map(([member, one]) => `;${encode(member)}=${encode(scalar(one))}`).join('');
}

function simple(value: unknown, explode: boolean, write: (text: string) => string, delimiter = ','): string {
  if (Array.isArray(value)) return value.map((item: unknown) => write(scalar(item))).join(delimiter);
  if (!isObject(value)) return write(scalar(value));
  const members = entries(value).map(([name, one]) => [write(name), write(scalar(one))]);
  return members.map((member) => member.join(explode ? '=' : delimiter)).join(delimiter);
}

function flat([name, value]: readonly [string, unknown]): string[] {
  return [name, scalar(value)];
}

function pair([name, value]: Pair): string {
  return `${encode(name)}=${encode(value)}`;
}

function entries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, one]) => !isAbsent(one));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is nested deeper than a style can say is written as JSON. */
function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function encode(text: string): string {
  // What encodeURIComponent leaves of RFC 3986's reserved characters, too.
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
