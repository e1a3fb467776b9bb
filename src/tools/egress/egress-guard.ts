import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { Agent, buildConnector, Response } from 'undici';
import { allows, parseAllowRule } from './allow-rule.ts';
import type { AllowRule, EgressTarget } from './allow-rule.ts';
import { cappedFetch, openFetch } from './capped-fetch.ts';
import type { EgressRequest, GuardedResponse, OpenRequest } from './capped-fetch.ts';
import { refusalOfAddress } from './public-address.ts';

/** All addresses of a name, as `dns.lookup` gives them. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export interface EgressGuardOptions {
  /** `host`, `host:port`, address or CIDR: let through beside public https. */
  allow: readonly string[];
  /** Default: the system's resolver. */
  resolve?: Resolve;
}

/** undici's agents and its connector, loaded with the first request: many gateways never make one. */
interface Connections {
  guarded: Agent;
  trusted: Agent;
  buildConnector: typeof buildConnector;
}

/** A request that the guard does not let out; the message names the host and the reason. */
export class EgressRefusedError extends Error {
  readonly host: string;
  /** Completes "Requests to it are refused: …". */
  readonly reason: string;

  constructor(host: string, reason: string) {
    super(`Requests to ${host} are refused: ${reason}.`);
    this.name = 'EgressRefusedError';
    this.host = host;
    this.reason = reason;
  }
}

/**
 * Lets requests out to the public internet only, for every address that a caller or a model chose. The check stands
 * where the connection is made: each address of the host is checked, literal ones too, and the connection goes to
 * a checked address, so a name cannot change its mind between check and use.
 */
export class EgressGuard {
  readonly #rules: readonly AllowRule[];
  readonly #resolve: Resolve;
  #connections: Promise<Connections> | undefined;

  /** @throws Error that names an entry of the allow-list which cannot be read. */
  constructor(options: EgressGuardOptions) {
    this.#rules = options.allow.map(parseAllowRule);
    this.#resolve = options.resolve ?? ((hostname) => lookup(hostname, { all: true }));
  }

  /**
   * A request to an address that a caller or a model chose.
   * @throws EgressRefusedError when it may not go there; the signal's reason when it aborts; else what failed.
   */
  async fetch(url: string, request: EgressRequest): Promise<GuardedResponse> {
    const target = parseUrl(url);
    return cappedFetch((await this.#open()).guarded, target, request);
  }

  /**
   * Checks an address that is to be called later, with `fetch`, which checks it again. A name that does not resolve
   * now is judged by its scheme and port alone.
   * @throws EgressRefusedError when requests may not go there.
   */
  async check(url: string): Promise<void> {
    const { protocol, hostname, port } = parseUrl(url);
    const target = targetOf({ protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port });
    let addresses: LookupAddress[];
    try {
      addresses = await this.#addressesOf(target);
    } catch {
      return this.#refuse(target, undefined);
    }
    for (const { address } of addresses) this.#refuse(target, address);
  }

  /**
   * A request to a literal host of the operator's own files: same caps, no redirects, no check of its address.
   * @throws EgressRefusedError for what is no http(s) URL or holds a user name; else as {@link fetch}.
   */
  async trustedFetch(url: string, request: EgressRequest): Promise<GuardedResponse> {
    const target = parseUrl(url);
    return cappedFetch((await this.#open()).trusted, target, request);
  }

  /**
   * As {@link fetch}, but the answer's body is read as it comes, as a stream needs it: the caller bounds it, and
   * cancels what it does not read.
   */
  async open(url: string, request: OpenRequest): Promise<Response> {
    const target = parseUrl(url);
    return openFetch((await this.#open()).guarded, target, request);
  }

  /** The same for a literal host of the operator's own files, as {@link trustedFetch}. */
  async trustedOpen(url: string, request: OpenRequest): Promise<Response> {
    const target = parseUrl(url);
    return openFetch((await this.#open()).trusted, target, request);
  }

  /** Ends the kept connections, and breaks requests that are still under way. */
  async close(): Promise<void> {
    const open = await this.#connections;
    await Promise.all([open?.guarded.destroy(), open?.trusted.destroy()]);
  }

  #open(): Promise<Connections> {
    this.#connections ??= import('undici').then(({ Agent, buildConnector }) => ({
      guarded: new Agent({ connect: (target, callback) => this.#connect(target, callback) }),
      trusted: new Agent({ connect: { allowH2: false } }),
      buildConnector,
    }));
    return this.#connections;
  }

  #connect(options: buildConnector.Options, callback: buildConnector.Callback): void {
    Promise.all([this.#checkedAddresses(targetOf(options)), this.#open()])
      .then(([addresses, { buildConnector }]) => {
        // A connector of its own for each connection: it knows no other address than the checked ones.
        buildConnector({ allowH2: false, lookup: pinnedLookup(addresses) })(options, callback);
      })
      .catch((error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), null);
      });
  }

  async #checkedAddresses(target: EgressTarget): Promise<LookupAddress[]> {
    const addresses = await this.#addressesOf(target);
    for (const { address } of addresses) this.#refuse(target, address);
    return addresses;
  }

  async #addressesOf({ hostname }: EgressTarget): Promise<LookupAddress[]> {
    const family = isIP(hostname);
    const addresses = family ? [{ address: hostname, family }] : await this.#resolve(hostname);
    if (addresses.length === 0) throw new Error(`${hostname} has no address`);
    return addresses;
  }

  /** @throws EgressRefusedError unless the target may be reached at this address, where it is known. */
  #refuse(target: EgressTarget, address: string | undefined): void {
    const reason = this.#refusal(target, address);
    if (reason) throw new EgressRefusedError(target.hostname, reason);
  }

  #refusal(target: EgressTarget, address: string | undefined): string | undefined {
    if (this.#rules.some((rule) => allows(rule, target, address ?? ''))) return undefined;
    const kind = address === undefined ? undefined : refusalOfAddress(address);
    if (kind) return isIP(target.hostname) ? `it is ${kind}` : `it resolves to ${kind}`;
    if (target.protocol !== 'https:') return 'only https is allowed';
    if (target.port !== 443 && target.port !== 80) return `port ${target.port} is not allowed`;
    return undefined;
  }
}

/** The URL parser turns decimal, hexadecimal, octal and short forms of an address into the usual one. */
function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new EgressRefusedError('this address', 'it is not a valid URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new EgressRefusedError(url.host || 'this address', 'only https is allowed');
  }
  if (url.username || url.password) {
    throw new EgressRefusedError(url.host, 'a URL with a user name or password is not allowed');
  }
  return url;
}

/** @param port empty or absent: the scheme's own */
function targetOf(to: { protocol: string; hostname: string; port?: string | undefined }): EgressTarget {
  const { protocol, hostname } = to;
  return { protocol, hostname, port: Number(to.port) || (protocol === 'https:' ? 443 : 80) };
}

function pinnedLookup(addresses: LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family);
  };
}
