import { closed, flag, matching, objectSchema, oneOf, text, textOr, toolName } from './schema-parts.ts';

const toolTypes = ['knowledge', 'http'];

const everyTool = {
  name: toolName,
  description: text(1024),
  timeoutSeconds: { type: 'number', minimum: 0.1, maximum: 600 },
  sideEffects: flag,
};

const knowledgeTool = closed(
  {
    ...everyTool,
    type: { const: 'knowledge' },
    source: text(1024),
    topK: { type: 'integer', minimum: 1, maximum: 50 },
  },
  ['name', 'type', 'source'],
);

const literalHeader = matching('^[\\t\\x20-\\x7e]*$', 'printable ASCII', 4096);

/** That exactly one of `env` and `context` stands there is checked after the schema. */
const headerReference = closed({
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

const httpTool = closed(
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

/** One tool of `execution.tools`. `description` is what the report says of an unknown type. */
export const toolSchema = {
  type: 'object',
  properties: { type: { type: 'string' } },
  required: ['type'],
  discriminator: { propertyName: 'type' },
  description: `one of ${toolTypes.join(', ')} in this release`,
  oneOf: [knowledgeTool, httpTool],
};
