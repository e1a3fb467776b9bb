import type { HeaderValue } from '../agents/declared-headers.ts';
import { ToolError } from './tool.ts';

export interface HeaderSources {
  env: Readonly<Record<string, string | undefined>>;
  context: Readonly<Record<string, unknown>>;
}

export interface ResolvedHeaders {
  headers: Record<string, string>;
  /** Values taken from the environment or the context, without their prefix, by the header's name. */
  sources: Map<string, string>;
}

/**
 * Fills in the declared headers of a tool or a remote agent; names are in lower case. A header whose context value is absent is left out.
 * @throws ToolError when an environment variable is not set, or a value cannot stand in a header.
 */
export function resolveHeaders(
  declared: Readonly<Record<string, HeaderValue>>,
  from: HeaderSources,
): ResolvedHeaders {
  const headers: Record<string, string> = {};
  const sources = new Map<string, string>();
  for (const [name, declaration] of Object.entries(declared)) {
    const value = resolveValue(declaration, from);
    if (value === undefined) continue;
    const prefix = typeof declaration === 'string' ? '' : (declaration.prefix ?? '');
    // Line breaks would start a header of their own, and an HTTP client's own message might quote the value.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(prefix + value)) {
      throw new ToolError(`The value of the header ${name} holds characters that a header cannot hold.`);
    }
    headers[name.toLowerCase()] = prefix + value;
    if (typeof declaration !== 'string') sources.set(name, value);
  }
  return { headers, sources };
}

/**
 * The value of one declaration, without its prefix; undefined for a context value that is absent.
 * @throws ToolError when an environment variable is not set.
 */
export function resolveValue(declaration: HeaderValue, from: HeaderSources): string | undefined {
  if (typeof declaration === 'string') return declaration;
  if ('env' in declaration) {
    const value = from.env[declaration.env];
    if (!value)
      throw new ToolError(`The gateway's environment variable ${declaration.env} is needed and not set.`);
    return value;
  }
  const value = from.context[declaration.context];
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
