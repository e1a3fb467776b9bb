import type { DeclaredExtension, Skill } from '../agents/definition.ts';
import type { JsonObject } from '../runs/message.ts';
import { credentialDescriptions, namesSchemes, type CardContent } from './card-content.ts';

/**
 * The pure v1.0 card (spec §4.4) in ProtoJSON; not one field of v0.3 in it. What says nothing in ProtoJSON (an
 * empty list, `required: false`) is left out, so that the card is its own canonical form (spec §8.4.1).
 */
export function cardV1(content: CardContent): JsonObject {
  const { published, capabilities, interfaces, extensions, credentialsRequired } = content;
  return {
    name: published.name,
    description: published.description,
    supportedInterfaces: interfaces,
    ...(published.provider && { provider: published.provider }),
    version: published.version,
    ...(published.documentationUrl && { documentationUrl: published.documentationUrl }),
    ...(published.iconUrl && { iconUrl: published.iconUrl }),
    capabilities: { ...capabilities, extensions: extensions.map(extension) },
    ...(namesSchemes(content) && { securitySchemes }),
    ...(credentialsRequired && { securityRequirements }),
    defaultInputModes: published.defaultInputModes,
    defaultOutputModes: published.defaultOutputModes,
    skills: published.skills.map(skill),
  } as unknown as JsonObject;
}

function extension({ required, ...rest }: DeclaredExtension): DeclaredExtension {
  return { ...rest, ...(required && { required }) };
}

function skill({ examples = [], inputModes = [], outputModes = [], ...rest }: Skill): Skill {
  return {
    ...rest,
    ...(examples.length > 0 && { examples }),
    ...(inputModes.length > 0 && { inputModes }),
    ...(outputModes.length > 0 && { outputModes }),
  };
}

const securitySchemes = {
  ssws: {
    apiKeySecurityScheme: {
      description: credentialDescriptions.ssws,
      location: 'header',
      name: 'Authorization',
    },
  },
  bearer: { httpAuthSecurityScheme: { description: credentialDescriptions.bearer, scheme: 'Bearer' } },
};

/** The least role (OpenAPI lets schemes without scopes name roles); the SDK does not sign what holds nothing. */
const anyUser = { list: ['user'] };

/** One of the two suffices (spec §4.5). */
const securityRequirements = [{ schemes: { ssws: anyUser } }, { schemes: { bearer: anyUser } }];
