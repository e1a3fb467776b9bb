/** One signing key as stored. Times are milliseconds since the epoch. */
export interface StoredSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly publicKey: PublicSigningKey;
  /**
   * The private half, sealed; absent where it lies in the operator's file, and for a retired key, which signs
   * nothing any more.
   */
  readonly sealedPrivateKey?: string;
  readonly createdAt: number;
  /** Since when another one is current; absent: it is the current one. */
  readonly retiredAt?: number;
}

/** The public half of an ES256 key (RFC 7518 §6.2.1), coordinates in base64url. */
export interface PublicSigningKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface KeyReplacement {
  /** The new current key. One that is stored already, retired or not, is current from now on. */
  readonly key: Omit<StoredSigningKey, 'retiredAt'>;
  /** `kid` of the key that is current as far as the caller knows; absent: there is none. */
  readonly previous?: string;
  /** When the previous one is retired. */
  readonly at: number;
  /** Keys that were retired before this moment are forgotten. */
  readonly forgetBefore: number;
}

/** Where signing keys are kept. Every method rejects with StoreUnavailableError while the store cannot be reached. */
export interface SigningKeyStore {
  /** All that are stored, newest first; one of them is current, unless there is none at all. */
  list(): Promise<StoredSigningKey[]>;
  /**
   * Changes the current key in one step. The previous one is retired and its private half deleted.
   * `false`: another key is current than the caller knows, and nothing has changed.
   */
  replaceCurrent(replacement: KeyReplacement): Promise<boolean>;
}
