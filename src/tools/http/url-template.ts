import { ToolError } from '../tool.ts';

export interface RenderedUrl {
  url: string;
  /** Names of the arguments that stand in the url. */
  used: ReadonlySet<string>;
}

type Arguments = Readonly<Record<string, unknown>>;

const placeholder = /\{([A-Za-z_][\w-]*)\}/g;

/** Whether the scheme and host are literal, or the url is the gateway's own (`/…`): no argument chooses the host. */
export function hasLiteralHost(template: string): boolean {
  return template.startsWith('/') || /^https?:\/\/[^/?#\\{}]+(?:[/?#]|$)/i.test(template);
}

/**
 * Fills `{parameter}` in a url template. An argument stays within its path segment or query value; a query pair
 * whose argument is absent is left out.
 * @throws ToolError that names the argument when it is absent from the path, is no scalar, or would be a dot segment.
 */
export function renderUrl(template: string, args: Arguments): RenderedUrl {
  const used = new Set([...template.matchAll(placeholder)].map((match) => match[1] ?? ''));
  const mark = template.indexOf('?');
  const path = fill(mark < 0 ? template : template.slice(0, mark), args);
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    throw new ToolError(`The arguments ${[...used].join(', ')} must not form the path segment "." or "..".`);
  }
  if (mark < 0) return { url: path, used };
  const pairs = template.slice(mark + 1).split('&');
  const filled = pairs.filter((pair) => names(pair).every((name) => isPresent(args[name])));
  const query = filled.map((pair) => fill(pair, args)).join('&');
  return { url: query ? `${path}?${query}` : path, used };
}

/** Adds arguments to the query; an array repeats its name, an absent value is left out. */
export function appendQuery(url: string, args: Arguments): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isPresent(item)) query.append(name, isScalar(item) ? String(item) : JSON.stringify(item));
    }
  }
  if (query.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${query.toString()}`;
}

function fill(template: string, args: Arguments): string {
  return template.replace(placeholder, (_match, name: string) => {
    const value = args[name];
    if (!isPresent(value) || value === '')
      throw new ToolError(`The argument ${name} is needed and must not be empty.`);
    if (!isScalar(value))
      throw new ToolError(`The argument ${name} must be a string, a number or a boolean.`);
    return encodeURIComponent(String(value).toWellFormed());
  });
}

function names(template: string): string[] {
  return [...template.matchAll(placeholder)].map((match) => match[1] ?? '');
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
