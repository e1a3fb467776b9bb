import type { CredentialValue } from '../../agents/declared-headers.ts';
import { ApiDocumentError, mapOf } from '../api-document.ts';
import type { ApiDocument } from '../api-document.ts';
import { resolveHeaders } from '../request-headers.ts';
import type { HeaderSources, ResolvedHeaders } from '../request-headers.ts';
import { ToolError } from '../tool.ts';
import type { SecurityAlternative } from './operation-plan.ts';
import { reservedName } from './parameter-plan.ts';
import type { ParameterPlace } from './parameter-plan.ts';

/** Where a scheme's credential stands in a request, and how it is written there. */
export interface SecurityScheme {
  in: Exclude<ParameterPlace, 'path'>;
  name: string;
  write: (credential: string) => string;
}

/** Writes credentials into a request; `name` and `value` are in clear. */
export interface CredentialPlace {
  in: SecurityScheme['in'];
  name: string;
  value: string;
}

type Credentials = Readonly<Record<string, CredentialValue>>;

/**
 * The security schemes of a document for which the operator declares a credential.
 * @throws ApiDocumentError for one that is not there, or of a kind that a credential cannot satisfy.
 */
export function planSecurity(document: ApiDocument, credentials: Credentials): Map<string, SecurityScheme> {
  const { securitySchemes } = mapOf(document['components']);
  return new Map(
    Object.keys(credentials).map((name) => {
      const scheme = schemeOf(mapOf(mapOf(securitySchemes)[name]));
      if (scheme) return [name, scheme] as const;
      throw new ApiDocumentError(`has no security scheme ${name} that a credential could satisfy`);
    }),
  );
}

/** What of a document's parameters is a credential: the model neither sees nor chooses it. */
export function reservedParameters(document: ApiDocument, headerNames: readonly string[]): Set<string> {
  const { securitySchemes } = mapOf(document['components']);
  const schemes = Object.values(mapOf(securitySchemes)).flatMap((written) => schemeOf(mapOf(written)) ?? []);
  return new Set([
    ...schemes.map(({ in: place, name }) => reservedName(place, name)),
    ...headerNames.map((name) => reservedName('header', name)),
  ]);
}

/**
 * The credentials for one request: those of the first alternative that is complete; none where no alternative is,
 * so that headers of the operator's own, or the service itself, decide.
 * @throws ToolError when an environment variable is not set, or a value cannot stand in a request.
 */
export function credentialsFor(
  alternatives: readonly SecurityAlternative[],
  schemes: ReadonlyMap<string, SecurityScheme>,
  credentials: Credentials,
  from: HeaderSources,
): { places: CredentialPlace[]; sources: ResolvedHeaders['sources'] } {
  // An alternative without any scheme is complete at once, and would hide the others.
  const wanted = alternatives.filter((names) => names.length > 0 && names.every((name) => schemes.has(name)));
  for (const names of wanted) {
    const declared = Object.fromEntries(names.flatMap((name) => pairOf(name, credentials[name])));
    const { headers, sources } = resolveHeaders(declared, from);
    if (sources.size < names.length) continue;
    const places = names.flatMap((name) => place(schemes.get(name), headers[name.toLowerCase()] ?? ''));
    return { places, sources };
  }
  return { places: [], sources: new Map() };
}

function pairOf(name: string, credential: CredentialValue | undefined): [string, CredentialValue][] {
  return credential ? [[name, credential]] : [];
}

function place(scheme: SecurityScheme | undefined, credential: string): CredentialPlace[] {
  if (!scheme) return [];
  const value = scheme.write(credential);
  if (scheme.in === 'cookie' && /[\s;,"\\]/.test(value)) {
    throw new ToolError(`The value of the cookie ${scheme.name} holds characters that a cookie cannot hold.`);
  }
  return [{ in: scheme.in, name: scheme.name, value }];
}

/** Undefined for what no single value can satisfy (mutual TLS), and for what is no scheme. */
function schemeOf(written: Readonly<Record<string, unknown>>): SecurityScheme | undefined {
  const { type, in: where, name, scheme } = written;
  if (type === 'oauth2' || type === 'openIdConnect') return authorization((token) => `Bearer ${token}`);
  if (type === 'http' && typeof scheme === 'string') return httpScheme(scheme);
  if (type !== 'apiKey' || typeof name !== 'string') return undefined;
  if (where !== 'query' && where !== 'header' && where !== 'cookie') return undefined;
  return { in: where, name, write: (key) => key };
}

function httpScheme(scheme: string): SecurityScheme {
  switch (scheme.toLowerCase()) {
    case 'basic':
      return authorization((credential) => `Basic ${basicToken(credential)}`);
    case 'bearer':
      return authorization((token) => `Bearer ${token}`);
    default:
      return authorization((credential) => `${scheme} ${credential}`);
  }
}

/** `user:password` as the scheme `basic` sends it (RFC 7617). */
export function basicToken(credential: string): string {
  return Buffer.from(credential, 'utf8').toString('base64');
}

function authorization(write: SecurityScheme['write']): SecurityScheme {
  return { in: 'header', name: 'authorization', write };
}
