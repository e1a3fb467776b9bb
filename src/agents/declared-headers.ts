import type { FilePath, Finding } from './agent-file.ts';
import { closed, matching, text, textOr } from './schema-parts.ts';

/** A literal, an environment variable of the gateway's, or a context value; `prefix` stands before it (`Bearer `). */
export type HeaderValue = string | CredentialValue;

/** The same without a literal, for what is a credential by its place. */
export type CredentialValue = { env: string; prefix?: string } | { context: string; prefix?: string };

/** Names of headers and variables whose value is a credential, wherever in the name the word stands. */
export const credentialName = /authorization|api[-_]?key|cookie|token|secret|password/i;

const literalHeader = matching('^[\\t\\x20-\\x7e]*$', 'printable ASCII', 4096);

/** That exactly one of `env` and `context` stands there is checked after the schema. */
export const headerReference = closed({
  env: matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', 128),
  context: text(64),
  prefix: matching('^[\\t\\x20-\\x7e]*$', 'printable ASCII', 128),
});

/** Header names, each with a literal value or where to take it from. */
export const headers = {
  type: 'object',
  maxProperties: 50,
  propertyNames: matching("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", 'an HTTP header name'),
  additionalProperties: textOr(literalHeader, headerReference),
};

/** What is wrong with headers that an operator declares. `variables` are the context variables that they may take. */
export function headerFindings(
  headers: Readonly<Record<string, HeaderValue>>,
  path: FilePath,
  variables: ReadonlySet<string>,
): Finding[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const twice = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    const reason = twice
      ? 'stands there twice (header names ignore case)'
      : headerProblem(name, value, variables);
    return reason === undefined ? [] : [{ path: [...path, name], reason }];
  });
}

function headerProblem(name: string, value: HeaderValue, variables: ReadonlySet<string>): string | undefined {
  if (typeof value === 'string') {
    if (!credentialName.test(name)) return undefined;
    return 'is named like a credential, so its value must be {env: NAME} or {context: name}, never a literal';
  }
  if ('env' in value === 'context' in value) return 'must have exactly one of env and context';
  if ('context' in value && !variables.has(value.context)) {
    return `${JSON.stringify(value.context)} is not a declared context variable`;
  }
  return undefined;
}
