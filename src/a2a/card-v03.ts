import type { JsonObject } from '../runs/message.ts';
import { credentialDescriptions, namesSchemes, type CardContent } from './card-content.ts';

/** The v0.3 card (v0.3 spec §5.5). */
export function cardV03(content: CardContent): JsonObject {
  const { published, capabilities, interfaces, extensions, credentialsRequired } = content;
  const additionalInterfaces = interfaces
    .filter(({ protocolVersion }) => protocolVersion === '0.3')
    .map(({ url, protocolBinding }) => ({ url, transport: protocolBinding }));
  const [preferred] = additionalInterfaces;
  return {
    protocolVersion: '0.3.0',
    name: published.name,
    description: published.description,
    url: preferred?.url,
    preferredTransport: preferred?.transport,
    additionalInterfaces,
    ...(published.provider && { provider: published.provider }),
    version: published.version,
    ...(published.documentationUrl && { documentationUrl: published.documentationUrl }),
    ...(published.iconUrl && { iconUrl: published.iconUrl }),
    capabilities: {
      streaming: capabilities.streaming,
      pushNotifications: capabilities.pushNotifications,
      stateTransitionHistory: false,
      extensions,
    },
    ...(namesSchemes(content) && { securitySchemes }),
    ...(credentialsRequired && { security }),
    defaultInputModes: published.defaultInputModes,
    defaultOutputModes: published.defaultOutputModes,
    skills: published.skills,
    supportsAuthenticatedExtendedCard: capabilities.extendedAgentCard,
  } as unknown as JsonObject;
}

const securitySchemes = {
  ssws: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: credentialDescriptions.ssws,
  },
  bearer: { type: 'http', scheme: 'bearer', description: credentialDescriptions.bearer },
};

/** One of the two suffices (OpenAPI 3 security objects). */
const security = [{ ssws: [] }, { bearer: [] }];
