import type { FilePath, Finding } from '../agent-file.ts';
import { headerFindings, headers, type HeaderValue } from '../declared-headers.ts';
import type { JsonSchema } from '../definition.ts';
import { asDraft2020, schemaProblem } from '../json-schema.ts';
import { urlParameters } from '../placeholders.ts';
import { closed, matching, objectSchema, oneOf } from '../schema-parts.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** One declared request. */
export interface HttpToolDefinition extends ToolDefinitionBase {
  type: 'http';
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /**
   * `{parameter}` stands for an argument, URL-encoded; a url that begins with `/` is the gateway's own address.
   * A url whose host holds a parameter goes through the egress guard.
   */
  url: string;
  /** JSON Schema of the arguments; those not used in the url go into the query (GET, DELETE) or the JSON body. */
  parameters: JsonSchema;
  headers: Record<string, HeaderValue>;
}

export type WrittenHttpTool = WrittenToolBase &
  Pick<HttpToolDefinition, 'type' | 'method' | 'url'> &
  Partial<Pick<HttpToolDefinition, 'parameters' | 'headers'>>;

/** What a placeholder of a url may be called; anything else would be sent as it stands. */
const parameterName = /^[A-Za-z_][\w-]*$/;

const noParameters: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

const schema = closed(
  {
    ...everyTool,
    type: { const: 'http' },
    method: oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
    url: matching('^(/(?!/)|https?://[^/])', 'an http(s) address or a path that begins with one /', 2048),
    parameters: objectSchema,
    headers,
  },
  ['name', 'type', 'method', 'url'],
);

export const httpToolType: ToolType<WrittenHttpTool, HttpToolDefinition> = {
  schema,
  findings: (tool, path, { variables }) => [
    ...parameterFindings(tool, path),
    ...urlFindings(tool, path),
    ...headerFindings(tool.headers ?? {}, [...path, 'headers'], variableNames(variables)),
  ],
  define: async (tool) => ({
    definition: {
      sideEffects: tool.method !== 'GET',
      headers: {},
      ...tool,
      parameters: tool.parameters ? asDraft2020(tool.parameters) : noParameters,
    },
  }),
};

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
