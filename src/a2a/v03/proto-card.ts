import type { Json, JsonObject } from '../../runs/message.ts';

/** The oneof member of a security scheme, by its type in the v0.3 card. */
const schemeMembers: Readonly<Record<string, string>> = {
  apiKey: 'apiKeySecurityScheme',
  http: 'httpAuthSecurityScheme',
  oauth2: 'oauth2SecurityScheme',
  openIdConnect: 'openIdConnectSecurityScheme',
  mutualTLS: 'mtlsSecurityScheme',
};

/** The v0.3 card in proto-JSON: security is spelled otherwise, and what the proto has no field for is not there. */
export function encodeCard(card: JsonObject): JsonObject {
  const { iconUrl: _iconUrl, capabilities, securitySchemes, security, skills, ...rest } = card;
  const { stateTransitionHistory: _history, ...known } = objectOf(capabilities);
  const schemes = Object.entries(objectOf(securitySchemes));
  return {
    ...rest,
    capabilities: known,
    ...(schemes.length > 0 && {
      securitySchemes: Object.fromEntries(schemes.map(([name, scheme]) => [name, encodeScheme(scheme)])),
    }),
    ...(Array.isArray(security) && { security: security.map(encodeRequirement) }),
    ...(Array.isArray(skills) && { skills: skills.map(encodeSkill) }),
  };
}

function encodeScheme(scheme: Json): JsonObject {
  const { type, in: location, ...rest } = objectOf(scheme);
  const member = typeof type === 'string' ? schemeMembers[type] : undefined;
  return member ? { [member]: { ...rest, ...(location !== undefined && { location }) } } : {};
}

/** `{name: [scope]}` → `{schemes: {name: {list: [scope]}}}` */
function encodeRequirement(requirement: Json): JsonObject {
  const schemes = Object.entries(objectOf(requirement)).map(([name, list]) => [name, { list }]);
  return { schemes: Object.fromEntries(schemes) as JsonObject };
}

function encodeSkill(skill: Json): JsonObject {
  const { security, ...rest } = objectOf(skill);
  return { ...rest, ...(Array.isArray(security) && { security: security.map(encodeRequirement) }) };
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
