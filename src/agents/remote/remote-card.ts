import type { EgressGuard } from '../../tools/egress/egress-guard.ts';
import { notA2a, refusalOf, RemoteFailure } from './remote-failure.ts';

export type RemoteVersion = '1.0' | '0.3';

/** One address of a remote agent that the gateway can speak to. */
export interface RemoteInterface {
  /** Of gRPC: `host:port`. */
  url: string;
  binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC';
  version: RemoteVersion;
  tenant: string;
}

/** What the gateway needs of a remote agent's card. */
export interface RemoteCard {
  address: RemoteInterface;
  streaming: boolean;
}

export interface RemoteCardOptions {
  /** Address of the card, the operator's own words: trusted. */
  url: string;
  guard: Pick<EgressGuard, 'trustedFetch'>;
}

const largestCard = 1024 * 1024;
const fetchTimeoutMs = 10_000;
const shortestAgeSeconds = 60;
const longestAgeSeconds = 24 * 3600;

interface Kept {
  card: RemoteCard;
  etag?: string;
  /** Milliseconds since the epoch. */
  freshUntil: number;
}

/** A remote agent's card: fetched with the first run, kept as long as it says (a minute at least), then asked for again. */
export class RemoteCardSource {
  readonly #options: RemoteCardOptions;
  #kept: Kept | undefined;
  #loading: Promise<Kept> | undefined;

  constructor(options: RemoteCardOptions) {
    this.#options = options;
  }

  /**
   * The card; a good one that was read before where the remote does not give it now.
   * @param headers the gateway's own
   * @throws RemoteFailure when there is none, or it names no address that the gateway can speak to.
   */
  async get(headers: Readonly<Record<string, string>>): Promise<RemoteCard> {
    if (this.#kept && Date.now() < this.#kept.freshUntil) return this.#kept.card;
    this.#loading ??= this.#load(headers).finally(() => (this.#loading = undefined));
    this.#kept = await this.#loading;
    return this.#kept.card;
  }

  async #load(headers: Readonly<Record<string, string>>): Promise<Kept> {
    try {
      return await this.#fetch(headers);
    } catch (error) {
      if (!this.#kept) throw error;
      return { ...this.#kept, freshUntil: Date.now() + shortestAgeSeconds * 1000 };
    }
  }

  async #fetch(headers: Readonly<Record<string, string>>): Promise<Kept> {
    const { url, guard } = this.#options;
    const etag = this.#kept?.etag;
    const known = {
      accept: 'application/json',
      'a2a-version': '1.0',
      ...(etag && { 'if-none-match': etag }),
    };
    const signal = AbortSignal.timeout(fetchTimeoutMs);
    const request = { headers: { ...known, ...headers }, signal, maxBytes: largestCard };
    const response = await guard.trustedFetch(url, request).catch((cause: unknown) => {
      throw new RemoteFailure("The remote agent's card could not be read. Send the message again later.", {
        cause,
      });
    });
    const freshUntil = Date.now() + ageOf(response.headers.get('cache-control')) * 1000;
    if (response.status === 304 && this.#kept) return { ...this.#kept, freshUntil };
    if (response.truncated) throw unreadable(`it is larger than ${largestCard} bytes`);
    if (response.status !== 200) throw refusalOf(response.status) ?? notA2a(response.status);
    const newTag = response.headers.get('etag');
    return { card: readCard(response.body.toString()), freshUntil, ...(newTag && { etag: newTag }) };
  }
}

function ageOf(cacheControl: string | null): number {
  const [, seconds = '0'] = /max-age=(\d{1,9})/.exec(cacheControl ?? '') ?? [];
  return Math.min(Math.max(Number(seconds), shortestAgeSeconds), longestAgeSeconds);
}

/**
 * Reads a card of either version: its first address of A2A 1.0 over HTTP, else one of 0.3, else gRPC's.
 * @throws RemoteFailure when it has none.
 */
export function readCard(text: string): RemoteCard {
  const card = parse(text);
  const addresses = addressesOf(card).flatMap(usable);
  // Of v0.3's HTTP+JSON the SDK's client drops file names and the metadata of parts: it comes last.
  const address =
    addresses.find(({ version, binding }) => version === '1.0' && binding !== 'GRPC') ??
    addresses.find(({ binding }) => binding === 'JSONRPC') ??
    addresses.find(({ binding }) => binding === 'HTTP+JSON') ??
    addresses[0];
  if (!address) throw unreadable('it offers no interface of A2A 1.0 or 0.3 that the gateway speaks');
  const { capabilities } = card;
  return { address, streaming: isObject(capabilities) && capabilities['streaming'] === true };
}

interface WrittenAddress {
  url: unknown;
  binding: unknown;
  version: unknown;
  tenant?: unknown;
}

/** The addresses of a v1.0 card; those of a v0.3 one where it has none of them. */
function addressesOf(card: Readonly<Record<string, unknown>>): WrittenAddress[] {
  const v1 = objectsOf(card['supportedInterfaces']).map(
    ({ url, protocolBinding, protocolVersion = '1.0', tenant }) => {
      return { url, binding: protocolBinding, version: protocolVersion, tenant };
    },
  );
  if (v1.length > 0) return v1;
  const { url, preferredTransport = 'JSONRPC', protocolVersion: version = '0.3' } = card;
  const others = objectsOf(card['additionalInterfaces']).map(({ url: other, transport }) => {
    return { url: other, binding: transport, version };
  });
  return [{ url, binding: preferredTransport, version }, ...others];
}

function usable({ url, binding, version, tenant: written }: WrittenAddress): RemoteInterface[] {
  if (typeof url !== 'string' || typeof binding !== 'string') return [];
  const tenant = typeof written === 'string' ? written : '';
  // Patch digits do not count (spec §3.6).
  const [, known] = /^(1\.0|0\.3)(?:\.\d+)?$/.exec(String(version)) ?? [];
  if (known !== '1.0' && known !== '0.3') return [];
  const name = binding.toUpperCase();
  if (name === 'GRPC') return grpcAddress(url, known, tenant);
  if ((name !== 'JSONRPC' && name !== 'HTTP+JSON') || !/^https?:/i.test(url) || !URL.canParse(url)) return [];
  return [{ url, binding: name, version: known, tenant }];
}

/** v0.3 over gRPC has no tenant and is not spoken. */
function grpcAddress(url: string, version: RemoteVersion, tenant: string): RemoteInterface[] {
  const address = url.replace(/^[a-z]+:\/\//i, '').replace(/\/$/, '');
  if (version !== '1.0' || !/^[^/\s@]+:\d{1,5}$/.test(address)) return [];
  return [{ url: address, binding: 'GRPC', version, tenant }];
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const card: unknown = JSON.parse(text);
    if (isObject(card)) return card;
  } catch {
    // Said below.
  }
  throw unreadable('it is no JSON object');
}

function objectsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(why: string): RemoteFailure {
  return new RemoteFailure(`The remote agent's card cannot be used: ${why}.`);
}
