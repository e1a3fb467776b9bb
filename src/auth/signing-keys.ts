import type { JWSHeaderParameters, JWTPayload } from 'jose';
import { Problem } from '../http/problem.ts';
import type { SecretBox } from '../runs/secret-box.ts';
import type { Log } from '../telemetry/log.ts';
import type { PublicSigningKey, SigningKeyStore, StoredSigningKey } from './signing-key-store.ts';
import {
  makeSigningKey,
  privateKeyText,
  readSigningKey,
  restoreSigningKey,
  type SigningKeyPair,
} from './signing-key.ts';

const alg = 'ES256';
const overlapMs = 7 * 24 * 3600 * 1000;
/** How long another replica's rotation may go unnoticed: its signatures can be checked at once all the same. */
const refreshMs = 10_000;

export interface SigningKeysOptions {
  store: SigningKeyStore;
  /** Seals the private keys that are stored. */
  secretBox: Pick<SecretBox, 'seal' | 'open'>;
  /** CARD_SIGNING_KEY_FILE; absent: the gateway makes its keys itself. */
  keyFile?: string;
  log?: Log;
  /** Milliseconds since the epoch; default: the clock. */
  now?: () => number;
}

/** A key as administrators see it. Times are milliseconds since the epoch. */
export interface SigningKeyStatus {
  kid: string;
  alg: 'ES256';
  status: 'current' | 'retired';
  createdAt: number;
  retiredAt?: number;
  /** Until when a retired key can be used to verify. */
  publishedUntil?: number;
}

/** A public key as the key set lists it (RFC 7517 §4). */
export interface PublishedKey extends PublicSigningKey {
  kid: string;
  alg: 'ES256';
  use: 'sig';
}

/** One signature of the flattened JWS form (RFC 7515 §7.2.2), the payload left out. */
export interface FlattenedSignature {
  protected: string;
  signature: string;
}

/**
 * The keys that the gateway signs with: cards and notifications. One is current; a retired one signs nothing any
 * more, but stays published for 7 days, so that what it signed can be verified.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions;
  readonly #now: () => number;
  readonly #filePair: SigningKeyPair | undefined;
  readonly #listeners = new Set<(kid: string) => void>();
  #pair: SigningKeyPair;
  /** As the store had them last. */
  #stored: StoredSigningKey[] = [];
  #checkedAt = -Infinity;

  private constructor(options: SigningKeysOptions, filePair?: SigningKeyPair) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#filePair = filePair;
    this.#pair = filePair ?? makeSigningKey();
  }

  /**
   * The keys of the store, the current one made or taken from the file first where it must be.
   * @throws Error naming CARD_SIGNING_KEY_FILE when it holds no usable key.
   */
  static async open(options: SigningKeysOptions): Promise<SigningKeys> {
    const keys = new SigningKeys(
      options,
      options.keyFile === undefined ? undefined : readSigningKey(options.keyFile),
    );
    await keys.#settle();
    return keys;
  }

  /** The key that signs now. */
  async current(): Promise<{ kid: string; publicKey: PublicSigningKey }> {
    const { kid, publicKey } = await this.#currentPair();
    return { kid, publicKey };
  }

  /**
   * The key set (RFC 7517 §5): the current key, and those that were retired less than 7 days ago. While the store
   * is away: as it was last known.
   */
  async publishedJwks(): Promise<{ keys: PublishedKey[] }> {
    await this.#tryRefresh();
    return { keys: this.#published().map(({ kid, publicKey }) => ({ ...publicKey, kid, alg, use: 'sig' })) };
  }

  /** What is published, newest first. */
  async list(): Promise<SigningKeyStatus[]> {
    await this.#refresh();
    return this.#published().map(statusOf);
  }

  /**
   * Makes a new key the current one.
   * @throws Problem invalid_request when the key is the operator's file.
   */
  async rotate(): Promise<SigningKeyStatus> {
    if (this.#filePair) {
      throw new Problem(
        'invalid_request',
        'The signing key is the file of CARD_SIGNING_KEY_FILE: put another key into it and restart. ' +
          'The public half of the present one stays published for 7 days.',
      );
    }
    const pair = makeSigningKey();
    // Another replica may rotate at the same time; each of the two rotations gets its key.
    while (!(await this.#replace(pair, currentOf(await this.#options.store.list())))) continue;
    this.#use(pair);
    const key = (await this.list()).find(({ kid }) => kid === pair.kid);
    if (!key) throw new Error('The new signing key is not in the store.');
    return key;
  }

  /** A compact JWT with these claims; `iat` and `exp` are the caller's. */
  async signJwt(claims: JWTPayload): Promise<string> {
    const [{ SignJWT }, { kid, privateKey }] = await Promise.all([import('jose'), this.#currentPair()]);
    return await new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT', kid }).sign(privateKey);
  }

  /**
   * Signs bytes.
   * @param header further members of the protected header, beside `alg`, `typ` and `kid`
   */
  async signFlattened(payload: Uint8Array, header: JWSHeaderParameters = {}): Promise<FlattenedSignature> {
    const [{ FlattenedSign }, { kid, privateKey }] = await Promise.all([import('jose'), this.#currentPair()]);
    const protectedHeader = { alg, typ: 'JOSE', kid, ...header };
    const jws = await new FlattenedSign(payload).setProtectedHeader(protectedHeader).sign(privateKey);
    return { protected: jws.protected ?? '', signature: jws.signature };
  }

  /** Calls back with the new `kid` whenever another key has become current. */
  onRotate(listener: (kid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #published(): StoredSigningKey[] {
    const now = this.#now();
    return this.#stored.filter(({ retiredAt }) => retiredAt === undefined || now < retiredAt + overlapMs);
  }

  async #currentPair(): Promise<SigningKeyPair> {
    if (this.#now() >= this.#checkedAt + refreshMs) await this.#tryRefresh();
    return this.#pair;
  }

  /** Signing and verifying go on while the store is away. */
  async #tryRefresh(): Promise<void> {
    try {
      await this.#refresh();
    } catch (error) {
      this.#options.log?.warn('the signing keys cannot be read: the last known ones are used', { error });
    }
  }

  /** Looks at the store, and follows it when another replica has rotated. */
  async #refresh(): Promise<void> {
    this.#checkedAt = this.#now();
    this.#stored = await this.#options.store.list();
    const current = currentOf(this.#stored);
    if (this.#filePair || !current || current.kid === this.#pair.kid) return;
    const pair = this.#unseal(current);
    if (pair) this.#use(pair);
  }

  /** Makes the file's key, the stored one or a new one the current key. */
  async #settle(): Promise<void> {
    for (;;) {
      const current = currentOf(await this.#options.store.list());
      const stored = current && (current.kid === this.#pair.kid ? this.#pair : this.#unseal(current));
      if (stored && !this.#filePair) this.#pair = stored;
      if (current?.kid === this.#pair.kid || (await this.#replace(this.#pair, current))) break;
    }
    await this.#refresh();
  }

  async #replace(pair: SigningKeyPair, current: StoredSigningKey | undefined): Promise<boolean> {
    const at = this.#now();
    const sealedPrivateKey = this.#filePair ? undefined : this.#seal(pair);
    return await this.#options.store.replaceCurrent({
      key: {
        kid: pair.kid,
        publicKey: pair.publicKey,
        ...(sealedPrivateKey !== undefined && { sealedPrivateKey }),
        createdAt: at,
      },
      ...(current && { previous: current.kid }),
      at,
      forgetBefore: at - overlapMs,
    });
  }

  /** A rotation and a look at the store may both come with the same news. */
  #use(pair: SigningKeyPair): void {
    if (pair.kid === this.#pair.kid) return;
    this.#pair = pair;
    this.#options.log?.info('another signing key is current', { kid: pair.kid });
    for (const listener of this.#listeners) listener(pair.kid);
  }

  #seal(pair: SigningKeyPair): string {
    return this.#options.secretBox.seal({ privateKey: privateKeyText(pair) });
  }

  /** Undefined: it lay in a file, or was sealed with another SECRETS_KEY. */
  #unseal({ kid, sealedPrivateKey }: StoredSigningKey): SigningKeyPair | undefined {
    if (sealedPrivateKey === undefined) return undefined;
    try {
      return restoreSigningKey(this.#options.secretBox.open(sealedPrivateKey)['privateKey'] as string);
    } catch {
      this.#options.log?.warn('the stored signing key cannot be opened with this SECRETS_KEY', { kid });
      return undefined;
    }
  }
}

function currentOf(stored: readonly StoredSigningKey[]): StoredSigningKey | undefined {
  return stored.find(({ retiredAt }) => retiredAt === undefined);
}

function statusOf({ kid, createdAt, retiredAt }: StoredSigningKey): SigningKeyStatus {
  if (retiredAt === undefined) return { kid, alg, status: 'current', createdAt };
  return { kid, alg, status: 'retired', createdAt, retiredAt, publishedUntil: retiredAt + overlapMs };
}
