import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../http/problem.ts';

const FAILURES_PER_MINUTE = 10;
const MAX_NETWORKS = 10_000;

export interface FailureLimit {
  /**
   * Counts one failed attempt of an address.
   * @throws Problem rate_limited (with `retryAfterSeconds`) from the 11th within a minute on.
   */
  count(address: string): Promise<void>;
}

/**
 * Limits guessing: 10 failed attempts a minute per address. It only counts failures, so valid credentials
 * pass from a limited address. Memory is bounded: beyond `maxNetworks` the one idle longest is forgotten.
 */
export function createFailureLimit(maxNetworks: number = MAX_NETWORKS): FailureLimit {
  const limiter = new RateLimiterMemory({ points: FAILURES_PER_MINUTE, duration: 60 });
  const known = new Set<string>();
  return {
    async count(address) {
      const network = networkOf(address);
      known.delete(network);
      known.add(network);
      const [idlest] = known;
      if (known.size > maxNetworks && idlest !== undefined) {
        known.delete(idlest);
        await limiter.delete(idlest);
      }
      try {
        await limiter.consume(network);
      } catch (refused) {
        throw refused instanceof RateLimiterRes ? tooManyFailures(refused.msBeforeNext) : refused;
      }
    },
  };
}

/**
 * What counts as one caller: an IPv4 address (also where it is mapped into IPv6), or the first 64 bits of an
 * IPv6 address, since every subscriber gets at least that much.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return bare;
  const groups = ipv6Groups(bare);
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return `${groups.slice(0, 4).join(':')}::/64`;
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

/** The eight groups, lower case, without leading zeros. URL brings every way to write an address to one form. */
function ipv6Groups(address: string): string[] {
  const [left = '', right = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const head = left.split(':').filter((group) => group !== '');
  const tail = right.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail];
}

function tooManyFailures(waitMs: number): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem(
    'rate_limited',
    `Too many failed attempts from this address; try again in ${retryAfterSeconds} s, or with valid credentials.`,
    { retryAfterSeconds },
  );
}
