import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PublicSigningKey } from './signing-key-store.ts';

/** An ES256 key pair. */
export interface SigningKeyPair {
  /** RFC 7638 thumbprint of the public half. */
  readonly kid: string;
  readonly publicKey: PublicSigningKey;
  readonly privateKey: KeyObject;
}

export function makeSigningKey(): SigningKeyPair {
  return pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** @param privateKey PKCS #8, DER in base64 */
export function restoreSigningKey(privateKey: string): SigningKeyPair {
  return pairOf(createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' }));
}

/** The counterpart of restoreSigningKey. */
export function privateKeyText({ privateKey }: SigningKeyPair): string {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/**
 * The operator's own key (CARD_SIGNING_KEY_FILE): a private EC key on the curve P-256, PKCS #8 in PEM form.
 * @throws Error naming the variable, without a word of the file's content.
 */
export function readSigningKey(file: string): SigningKeyPair {
  const key = privateKeyIn(file);
  if (key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return pairOf(key);
  }
  throw new Error(
    'CARD_SIGNING_KEY_FILE must hold an unencrypted EC private key on the curve P-256 in PKCS #8 PEM form. ' +
      'Make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
  );
}

function privateKeyIn(file: string): KeyObject | undefined {
  const pem = readFileSync(file, 'utf8');
  try {
    return pem.includes('-----BEGIN PRIVATE KEY-----') ? createPrivateKey(pem) : undefined;
  } catch {
    return undefined;
  }
}

function pairOf(privateKey: KeyObject): SigningKeyPair {
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey: PublicSigningKey = { kty: 'EC', crv: 'P-256', x, y };
  return { kid: thumbprint(publicKey), publicKey, privateKey };
}

/** RFC 7638 §3: the required members in alphabetical order. */
function thumbprint({ crv, kty, x, y }: PublicSigningKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}
