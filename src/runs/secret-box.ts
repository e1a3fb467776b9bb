import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { JsonObject } from './message.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Seals the secret context values of a recorded run, so that a store or its backup never shows them in clear. */
export class SecretBox {
  readonly #key: Buffer;

  /** @param key 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new Error('The secrets key must have 32 bytes.');
    this.#key = key;
  }

  /** AES-256-GCM with a fresh nonce; base64 of nonce, tag and cipher text. */
  seal(values: JsonObject): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(values), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** @throws Error when it was sealed with another key or changed since. */
  open(sealed: string): JsonObject {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const clear = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return JSON.parse(clear.toString('utf8')) as JsonObject;
  }

  /** The same for the same values, and no help in guessing them without the key: for comparing requests. */
  fingerprint(values: JsonObject): string {
    const sorted = Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
    return createHmac('sha256', this.#key).update(JSON.stringify(sorted)).digest('hex');
  }
}
