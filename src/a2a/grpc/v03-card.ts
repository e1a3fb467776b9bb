import type { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import type { Json, JsonObject } from '../../runs/message.ts';

type AgentCard = ReturnType<(typeof LegacyA2AService)['getAgentCard']['responseDeserialize']>;
type SecurityScheme = AgentCard['securitySchemes'][string];

const emptyExtension = { description: '', required: false, params: undefined };
const emptySkill = { tags: [], examples: [], inputModes: [], outputModes: [], security: [] };

/** AgentCard of the v0.3 proto from its JSON form, as `v03ProtoCodec` makes it. */
export function agentCardOf(json: Json): AgentCard {
  const card = json as unknown as Partial<AgentCard>;
  const { capabilities, securitySchemes = {} } = card;
  return {
    ...emptyCard(),
    ...card,
    capabilities: {
      streaming: capabilities?.streaming ?? false,
      pushNotifications: capabilities?.pushNotifications ?? false,
      extensions: (capabilities?.extensions ?? []).map((extension) => ({
        ...emptyExtension,
        ...extension,
      })),
    },
    securitySchemes: Object.fromEntries(
      Object.entries(securitySchemes).map(([name, scheme]) => [name, schemeOf(scheme as JsonObject)]),
    ),
    skills: (card.skills ?? []).map((skill) => ({
      ...emptySkill,
      ...skill,
    })),
    signatures: card.signatures ?? [],
  };
}

function emptyCard(): AgentCard {
  return {
    protocolVersion: '',
    name: '',
    description: '',
    url: '',
    preferredTransport: '',
    additionalInterfaces: [],
    provider: undefined,
    version: '',
    documentationUrl: '',
    capabilities: undefined,
    securitySchemes: {},
    security: [],
    defaultInputModes: [],
    defaultOutputModes: [],
    skills: [],
    supportsAuthenticatedExtendedCard: false,
    signatures: [],
  };
}

/** The two kinds of scheme that the gateway's cards have; any other stays without content. */
function schemeOf(json: JsonObject): SecurityScheme {
  const { apiKeySecurityScheme: apiKey, httpAuthSecurityScheme: http } = json as {
    apiKeySecurityScheme?: object;
    httpAuthSecurityScheme?: object;
  };
  if (apiKey) {
    const value = { description: '', location: '', name: '', ...apiKey };
    return { scheme: { $case: 'apiKeySecurityScheme', value } };
  }
  if (!http) return { scheme: undefined };
  const value = { description: '', scheme: '', bearerFormat: '', ...http };
  return { scheme: { $case: 'httpAuthSecurityScheme', value } };
}
