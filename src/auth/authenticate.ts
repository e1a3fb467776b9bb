import { Problem } from '../http/problem.ts';
import { createApiKeyCheck } from './api-keys.ts';
import { createFailureLimit } from './failure-limit.ts';
import type { FailureLimit } from './failure-limit.ts';
import type { JwtVerifier } from './jwt.ts';
import type { KeyStore } from './key-store.ts';
import type { Principal } from './principal.ts';
import { unauthorized } from './unauthorized.ts';

const MAX_HEADER_CHARACTERS = 8192;
const CREDENTIALS = /^(ssws|bearer|token) +([^\s]+)$/i;
/** The third part may be empty, as with `alg: none`: such a token is refused as a token. */
const JWT_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface AuthenticatorDependencies {
  keys: KeyStore;
  /** ADMIN_API_KEY. */
  adminApiKey?: string;
  /** Absent: JWT is off, every credential is an API key. */
  jwt?: JwtVerifier;
  /** AUTH_ANONYMOUS. */
  anonymousAllowed: boolean;
  /** Shared with further doors (gRPC), if there are any; absent: one of its own. */
  failures?: FailureLimit;
}

/**
 * Says who is calling. `address` is the caller's IP address, as seen behind trusted proxies. Without an
 * `Authorization` header it is the anonymous principal: whether that is enough is decided by decide().
 * @throws Problem unauthorized (always the same), rate_limited, or permission_denied (a user without API access);
 * StoreUnavailableError, which is not counted as a failed attempt.
 */
export type Authenticate = (headers: { authorization?: string }, address: string) => Promise<Principal>;

/** Makes the one authentication that every door uses: API keys (SSWS, Bearer, Token) and Bearer JWTs. */
export function createAuthenticator(dependencies: AuthenticatorDependencies): Authenticate {
  const anonymous = anonymousPrincipal(dependencies.anonymousAllowed);
  const failures = dependencies.failures ?? createFailureLimit();
  const identify = createIdentify(dependencies);
  return async ({ authorization }, address) => {
    const header = authorization?.trim();
    if (header === undefined || header === '') return anonymous;
    try {
      return await identify(header);
    } catch (error) {
      if (error instanceof Problem && error.reason === 'unauthorized') await failures.count(address);
      throw error;
    }
  };
}

function createIdentify(dependencies: AuthenticatorDependencies): (header: string) => Promise<Principal> {
  const { keys, adminApiKey, jwt } = dependencies;
  const checkApiKey = createApiKeyCheck({ store: keys, adminApiKey });
  return async (header) => {
    if (header.length > MAX_HEADER_CHARACTERS) throw unauthorized();
    const [, scheme, credential] = CREDENTIALS.exec(header) ?? [];
    if (scheme === undefined || credential === undefined) throw unauthorized();
    if (jwt && scheme.toLowerCase() === 'bearer' && JWT_SHAPE.test(credential)) return jwt.verify(credential);
    return checkApiKey(credential);
  };
}

function anonymousPrincipal(anonymousAllowed: boolean): Principal {
  return {
    userId: 'anonymous',
    role: 'user',
    kind: 'anonymous',
    assignedAgents: new Set(),
    claims: {},
    anonymousAllowed,
  };
}
