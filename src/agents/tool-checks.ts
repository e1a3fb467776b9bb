import type { FilePath, Finding, WrittenHttpTool, WrittenTool, WrittenVariable } from './agent-file.ts';
import type { HeaderValue } from './definition.ts';
import { schemaProblem } from './json-schema.ts';
import { urlParameters } from './placeholders.ts';

/** Header names whose value is a credential, wherever in the name the word stands. */
const credentialName = /authorization|api[-_]?key|cookie|token|secret|password/i;

/** What a placeholder of a url may be called; anything else would be sent as it stands. */
const parameterName = /^[A-Za-z_][\w-]*$/;

/** What is wrong with one of `execution.tools` beyond its form (folders are checked when they are resolved). */
export function toolFindings(
  tool: WrittenTool,
  path: FilePath,
  variables: readonly WrittenVariable[],
): Finding[] {
  if (tool.type !== 'http') return [];
  return [
    ...parameterFindings(tool, path),
    ...urlFindings(tool, path),
    ...headerFindings(tool.headers ?? {}, [...path, 'headers'], new Set(variables.map(({ name }) => name))),
  ];
}

function parameterFindings({ parameters }: WrittenHttpTool, path: FilePath): Finding[] {
  const problem = parameters && schemaProblem(parameters);
  return problem ? [{ path: [...path, 'parameters'], reason: `does not compile: ${problem}` }] : [];
}

function urlFindings({ url, parameters }: WrittenHttpTool, path: FilePath): Finding[] {
  const at = [...path, 'url'];
  const properties = parameters?.properties ?? {};
  const unknown = urlParameters(url).filter(
    (name) => !parameterName.test(name) || !Object.hasOwn(properties, name),
  );
  const findings = unknown.map((name) => ({
    path: at,
    reason: `{${name}} is not one of parameters.properties`,
  }));
  const example = URL.parse(url.replaceAll(/\{[^{}]*\}/g, 'x'), 'http://gateway');
  if (!example) findings.push({ path: at, reason: 'is not a valid address' });
  else if (example.username || example.password) {
    findings.push({
      path: at,
      reason: 'must not hold a user name or password: use a header with {env: NAME}',
    });
  }
  return findings;
}

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
