import type { SecretBox } from '../../runs/secret-box.ts';
import type { PushConfig } from '../wire.ts';
import type { StoredPushConfig } from './outbox.ts';

/** What of a config is stored sealed only. */
export type PushSecrets = Pick<PushConfig, 'url' | 'token' | 'authentication'>;

export function sealSecrets(box: SecretBox, { url, token, authentication }: PushSecrets): string {
  return box.seal({
    url,
    ...(token !== undefined && { token }),
    ...(authentication && { authentication: { ...authentication } }),
  });
}

/** @throws Error when they were sealed with another SECRETS_KEY. */
export function openSecrets(box: SecretBox, config: StoredPushConfig): PushSecrets {
  // It is what sealSecrets was given: the seal is authenticated.
  return box.open(config.sealed) as unknown as PushSecrets;
}
