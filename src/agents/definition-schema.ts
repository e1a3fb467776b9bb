import {
  anySchema,
  closed,
  flag,
  list,
  matching,
  maxPromptCharacters,
  objectSchema,
  oneOf,
  text,
  textOr,
  variableName,
} from './schema-parts.ts';
import { cardAddress } from './card-address.ts';
import { dataPermissionsSchema } from './data-permissions.ts';
import type { AgentKind } from './definition.ts';
import { headers } from './declared-headers.ts';
import { toolSchema } from './tool-types/tool-types.ts';

const agentId = matching(
  '^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$',
  '1 to 64 lower-case letters, digits and dashes, without a dash at either end',
);

const uri = { type: 'string', format: 'uri', maxLength: 2048, description: 'an absolute URI' };
const mediaTypes = list(matching('^[^\\s/]+/[^\\s/]+$', 'a media type like text/plain', 128), 20);

const skill = closed(
  {
    id: text(64),
    name: text(128),
    description: text(2048),
    tags: list(text(64), 50),
    examples: list(text(1024), 50),
    inputModes: mediaTypes,
    outputModes: mediaTypes,
  },
  ['id', 'name', 'description', 'tags'],
);

const card = closed(
  {
    name: text(128),
    description: text(4096),
    version: text(64),
    skills: { ...list(skill), minItems: 1 },
    provider: closed({ organization: text(128), url: uri }, ['organization', 'url']),
    documentationUrl: uri,
    iconUrl: uri,
    defaultInputModes: { ...mediaTypes, minItems: 1 },
    defaultOutputModes: { ...mediaTypes, minItems: 1 },
    extensions: list(
      closed({ uri, description: text(1024), required: flag, params: { type: 'object' } }, ['uri']),
      20,
    ),
    capabilities: closed({ streaming: flag, pushNotifications: flag }),
  },
  ['name', 'description', 'version', 'skills'],
);

const extendedCard = closed(
  {
    description: text(4096),
    documentationUrl: uri,
    skills: list(skill),
    roles: { ...list(oneOf('admin', 'manager', 'analyst', 'viewer', 'user'), 5), minItems: 1 },
  },
  ['skills'],
);

const model = closed({
  llmId: text(128),
  fallbackLlmIds: list(text(128), 10),
  temperature: { type: 'number', minimum: 0, maximum: 2 },
});

const contextVariable = closed(
  {
    name: variableName,
    description: text(1024),
    schema: anySchema,
    required: flag,
    default: {},
    source: oneOf('request', 'claim'),
    claim: text(256),
    secret: flag,
    onMissing: oneOf('auth-required'),
  },
  ['name', 'schema'],
);

const scenario = closed(
  {
    name: text(64),
    description: text(2048),
    instructions: text(20_000),
    tools: list(text(64)),
    examples: list(text(1024), 50),
  },
  ['name', 'description'],
);

const limits = closed({
  maxSteps: { type: 'integer', minimum: 1, maximum: 64 },
  maxToolCalls: { type: 'integer', minimum: 0, maximum: 256 },
  timeoutSeconds: { type: 'number', minimum: 1, maximum: 3600 },
  toolTimeoutSeconds: { type: 'number', minimum: 0.1, maximum: 600 },
  queryTimeoutSeconds: { type: 'number', minimum: 0.1, maximum: 600 },
  maxHistoryMessages: { type: 'integer', minimum: 0, maximum: 200 },
  maxResultCharacters: { type: 'integer', minimum: 100, maximum: 1_000_000 },
  approvalTimeoutSeconds: { type: 'number', minimum: 1, maximum: 2_592_000 },
  maxDepth: { type: 'integer', minimum: 0, maximum: 16 },
});

const everyExecution = {
  contextVariables: list(contextVariable),
  access: oneOf('authenticated', 'assigned', 'public'),
  onReplicaLoss: oneOf('rerun', 'fail'),
  answerIn: oneOf('both', 'status', 'artifact'),
  limits,
};

const declared = closed(
  {
    ...everyExecution,
    kind: { const: 'declared' },
    model,
    systemPrompt: textOr(text(maxPromptCharacters), closed({ file: text(1024) }, ['file'])),
    scenarios: list(scenario),
    fallbackMessage: text(4096),
    tools: list(toolSchema),
    dataPermissions: dataPermissionsSchema,
    responseSchema: objectSchema,
  },
  ['systemPrompt'],
);

const remote = closed(
  {
    ...everyExecution,
    kind: { const: 'a2a' },
    card: cardAddress,
    headers,
  },
  ['kind', 'card'],
);

const module = closed({ ...everyExecution, kind: { const: 'module' }, module: text(1024) }, [
  'kind',
  'module',
]);

/**
 * JSON Schema 2020-12 of the agent file, schema version 1, one for each kind of agent: closed objects, so a
 * misspelt field is refused.
 */
export const agentFileSchemas: Readonly<Record<AgentKind, object>> = {
  declared: fileSchema(declared),
  a2a: fileSchema(remote),
  module: fileSchema(module),
};

function fileSchema(execution: object): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...closed({ schemaVersion: { const: '1' }, id: agentId, card, extendedCard, execution }, [
      'schemaVersion',
      'id',
      'card',
      'execution',
    ]),
  };
}
