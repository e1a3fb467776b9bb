import { credentialDescriptions, type CardContent } from './card-content.ts';

/** The pure v1.0 card (spec §4.4) in ProtoJSON; not one field of v0.3 in it. */
export function cardV1(content: CardContent): Record<string, unknown> {
  const { published, interfaces, extensions, credentialsRequired } = content;
  return {
    name: published.name,
    description: published.description,
    supportedInterfaces: interfaces,
    ...(published.provider && { provider: published.provider }),
    version: published.version,
    ...(published.documentationUrl && { documentationUrl: published.documentationUrl }),
    ...(published.iconUrl && { iconUrl: published.iconUrl }),
    capabilities: {
      streaming: published.capabilities.streaming,
      pushNotifications: published.capabilities.pushNotifications,
      extendedAgentCard: false,
      extensions,
    },
    ...(credentialsRequired && security),
    defaultInputModes: published.defaultInputModes,
    defaultOutputModes: published.defaultOutputModes,
    skills: published.skills,
  };
}

/** One of the two suffices (spec §4.5). */
const security = {
  securitySchemes: {
    ssws: {
      apiKeySecurityScheme: {
        description: credentialDescriptions.ssws,
        location: 'header',
        name: 'Authorization',
      },
    },
    bearer: { httpAuthSecurityScheme: { description: credentialDescriptions.bearer, scheme: 'Bearer' } },
  },
  securityRequirements: [{ schemes: { ssws: { list: [] } } }, { schemes: { bearer: { list: [] } } }],
};
