import type { BlockList } from 'node:net';
import { addressFamily, parseNetwork } from './public-address.ts';

/** One entry of the operator's allow-list: a host name or a network, on one port or on all. */
export interface AllowRule {
  host?: string;
  networks?: BlockList;
  port?: number;
}

/** Where a connection is to go. */
export interface EgressTarget {
  protocol: string;
  /** As a URL holds it, without brackets. */
  hostname: string;
  port: number;
}

/**
 * Reads an allow-list entry: `host`, `host:port`, `address`, `address:port`, `[ipv6]:port` or a CIDR. Without a port
 * it is meant for every port.
 * @throws Error when it is none of these.
 */
export function parseAllowRule(entry: string): AllowRule {
  const text = entry.trim().toLowerCase();
  if (text.includes('/') || addressFamily(text)) return { networks: parseNetwork(text) };
  const match = /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<host>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const name = match?.groups?.['ipv6'] ?? match?.groups?.['host'];
  if (!name) throw new Error(`"${entry}" is not a host, a host with a port, or a CIDR`);
  const port = match?.groups?.['port'];
  return {
    ...(addressFamily(name) ? { networks: parseNetwork(name) } : { host: withoutTrailingDot(name) }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/** Whether the operator allowed this target at this resolved address. */
export function allows(rule: AllowRule, target: EgressTarget, address: string): boolean {
  if (rule.port !== undefined && rule.port !== target.port) return false;
  if (rule.host !== undefined) return rule.host === withoutTrailingDot(target.hostname);
  const family = addressFamily(address);
  return family !== undefined && rule.networks?.check(address, family) === true;
}

function withoutTrailingDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
