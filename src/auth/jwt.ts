import { hash } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { JwtConfig } from '../config.ts';
import type { Log } from '../telemetry/log.ts';
import { issuerKeys } from './issuer-keys.ts';
import type { Principal, UserRole } from './principal.ts';
import { unauthorized } from './unauthorized.ts';

/** Asymmetric only: with HS256 in the list, whoever knows the public key could sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Highest first. */
const ROLES: readonly UserRole[] = ['admin', 'manager', 'analyst', 'viewer', 'user'];
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_TOKEN_CHARACTERS = 8192;
const CACHE_MS = 60_000;
const CACHE_ENTRIES = 1_000;

export interface JwtVerifier {
  /**
   * The caller that the token stands for: user `jwt:<sub>`, the highest known role of the roles claim (none
   * known: `user`), the token's claims.
   * @throws Problem unauthorized, whatever is wrong, the issuer's keys out of reach included.
   */
  verify(token: string): Promise<Principal>;
}

export interface JwtVerifierOptions {
  log?: Log;
}

interface CachedPrincipal {
  principal: Principal;
  /** Milliseconds since the epoch. */
  until: number;
}

/**
 * Checks Bearer JWTs (RFC 7519, RFC 8725): listed algorithms, `exp` and `sub` required, issuer and audience
 * must match. A good token is remembered for at most 60 s, at most until it expires.
 * @throws Error at once when the public key file cannot be used.
 */
export function createJwtVerifier(config: JwtConfig, options: JwtVerifierOptions = {}): JwtVerifier {
  const keys = issuerKeys(config, options.log);
  const checks: JWTVerifyOptions = {
    algorithms: ALGORITHMS,
    issuer: config.issuer,
    audience: config.audience,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };
  const cache = new Map<string, CachedPrincipal>();
  return {
    async verify(token) {
      if (token.length > MAX_TOKEN_CHARACTERS) throw unauthorized();
      const fingerprint = hash('sha256', token, 'base64url');
      const cached = cache.get(fingerprint);
      if (cached && Date.now() < cached.until) return cached.principal;
      try {
        const { payload } = await jwtVerify(token, keys, checks);
        const principal = principalOf(payload, config.rolesClaim);
        remember(cache, fingerprint, { principal, until: cacheableUntil(payload) });
        return principal;
      } catch (error) {
        options.log?.debug('JWT refused', { error: error instanceof Error ? error.message : 'unknown' });
        throw unauthorized();
      }
    },
  };
}

function principalOf(payload: JWTPayload, rolesClaim: string): Principal {
  if (typeof payload.sub !== 'string' || payload.sub === '') throw new Error('"sub" is not a name');
  return {
    userId: `jwt:${payload.sub}`,
    role: highestRole(payload[rolesClaim]),
    kind: 'jwt',
    assignedAgents: new Set(),
    claims: payload,
    anonymousAllowed: false,
  };
}

function highestRole(claim: unknown): UserRole {
  const given: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return ROLES.find((role) => given.includes(role)) ?? 'user';
}

function cacheableUntil(payload: JWTPayload): number {
  return Math.min((payload.exp ?? 0) * 1000, Date.now() + CACHE_MS);
}

/** The entry that was made first makes room: entries live for a minute, so age is use enough. */
function remember(cache: Map<string, CachedPrincipal>, fingerprint: string, entry: CachedPrincipal): void {
  cache.delete(fingerprint);
  cache.set(fingerprint, entry);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_ENTRIES && oldest !== undefined) cache.delete(oldest);
}
