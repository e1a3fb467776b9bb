import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, customFetch } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import type { JwtConfig } from '../config.ts';
import type { Log } from '../telemetry/log.ts';

const COOLDOWN_MS = 30_000;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_JWKS_BYTES = 256 * 1024;

/**
 * The keys that the issuer signs with: from its JWKS address, or from a PEM file (SPKI) read here and now.
 * A token can only choose among them; keys that it carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are not used.
 * @throws Error naming the variable when the file holds no public key.
 */
export function issuerKeys(config: JwtConfig, log?: Log): JWTVerifyGetKey {
  if (config.jwksUrl !== undefined) {
    return createRemoteJWKSet(new URL(config.jwksUrl), {
      cooldownDuration: COOLDOWN_MS,
      timeoutDuration: FETCH_TIMEOUT_MS,
      [customFetch]: fetchWithCooldown(log),
    });
  }
  if (config.publicKeyFile === undefined) throw new Error('JWT_JWKS_URL or JWT_PUBLIC_KEY_FILE must be set');
  const key = readPublicKey(config.publicKeyFile);
  return () => key;
}

/**
 * jose counts its cool-down from the last success only: an issuer that is down, or answers nonsense, would be
 * asked again for every token. Here every attempt counts.
 */
function fetchWithCooldown(log?: Log): FetchImplementation {
  let nextAttemptAt = 0;
  return async (url, options) => {
    if (Date.now() < nextAttemptAt) throw new Error('the JWKS was asked for moments ago');
    nextAttemptAt = Date.now() + COOLDOWN_MS;
    try {
      const text = await readBounded(await fetch(url, options));
      const jwks: unknown = JSON.parse(text);
      if (!isKeySet(jwks)) throw new Error('the answer is not a JSON Web Key Set');
      return new Response(text);
    } catch (error) {
      log?.warn('JWT keys cannot be fetched: tokens signed with keys that are not cached are refused', {
        url: withoutSecrets(url),
        error: reasonOf(error),
        retry_after_seconds: COOLDOWN_MS / 1000,
      });
      throw error;
    }
  };
}

async function readBounded(response: Response): Promise<string> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by the throw cancels the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_JWKS_BYTES) throw new Error(`the answer is larger than ${MAX_JWKS_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isKeySet(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
}

/** Origin and path: a query or user part may hold a secret. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** fetch hides why it failed in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function readPublicKey(file: string) {
  const pem = readFileSync(file, 'utf8');
  // Node would also take a private key; one that lies here is a mistake to be told of.
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) {
    throw new Error('JWT_PUBLIC_KEY_FILE must hold a public key in PEM form (BEGIN PUBLIC KEY)');
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error('JWT_PUBLIC_KEY_FILE holds no readable public key', { cause });
  }
}
