import { ensureAdminKey } from './auth/api-keys.ts';
import { createAuthenticator, type Authenticate } from './auth/authenticate.ts';
import type { JwtVerifier } from './auth/jwt.ts';
import { SigningKeys } from './auth/signing-keys.ts';
import type { JwtConfig } from './config.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { SecretBox } from './runs/secret-box.ts';
import type { SqliteStore } from './stores/sqlite/store.ts';
import type { Log } from './telemetry/log.ts';

export interface Authentication {
  authenticate: Authenticate;
  signingKeys: SigningKeys;
  secretBox: SecretBox;
  newAdminKey?: string;
}

/** Who calls: the stored keys, the configured one, and JWTs where they are on; and the gateway's own keys. */
export async function openAuthentication(
  { config, log }: GatewayOptions,
  store: SqliteStore,
): Promise<Authentication> {
  const newAdminKey = config.adminApiKey === undefined ? await ensureAdminKey(store.keys) : undefined;
  const authenticate = createAuthenticator({
    keys: store.keys,
    ...(config.adminApiKey !== undefined && { adminApiKey: config.adminApiKey }),
    ...(config.jwt && { jwt: await openJwtVerifier(config.jwt, log) }),
    anonymousAllowed: config.authAnonymous,
  });
  const secretBox = new SecretBox(store.secretsKey);
  const signingKeys = await SigningKeys.open({
    store: store.signingKeys,
    secretBox,
    ...(config.cardSigningKeyFile !== undefined && { keyFile: config.cardSigningKeyFile }),
    log,
  });
  return { authenticate, signingKeys, secretBox, ...(newAdminKey !== undefined && { newAdminKey }) };
}

/** Loaded only where JWT is on, as it costs start-up time. */
async function openJwtVerifier(config: JwtConfig, log: Log): Promise<JwtVerifier> {
  const { createJwtVerifier } = await import('./auth/jwt.ts');
  return createJwtVerifier(config, { log });
}
