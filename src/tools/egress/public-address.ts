import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not public (IANA special-purpose registry), with the words for a refusal. */
const ipv4Ranges: readonly (readonly [reason: string, ...networks: string[]])[] = [
  ['an unspecified address', '0.0.0.0/8'],
  ['a private address', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['a loopback address', '127.0.0.0/8'],
  ['a link-local address', '169.254.0.0/16'],
  ['a shared (carrier-grade NAT) address', '100.64.0.0/10'],
  ['a documentation address', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ['a multicast address', '224.0.0.0/4'],
  ['a reserved address', '192.0.0.0/24', '192.88.99.0/24', '198.18.0.0/15', '240.0.0.0/4'],
  // Azure's host agent answers here although the address is public by registry.
  ['a cloud platform address', '168.63.129.16/32'],
];

const ipv6Ranges: readonly (readonly [reason: string, ...networks: string[]])[] = [
  ['a loopback address', '::1/128'],
  ['an unspecified address', '::/128'],
  ['a link-local address', 'fe80::/10'],
  ['a unique local address', 'fc00::/7'],
  ['a multicast address', 'ff00::/8'],
  ['a documentation address', '2001:db8::/32', '3fff::/20'],
  // Teredo (2001::/32) carries an IPv4 address of its own.
  ['a reserved address', '2001::/23'],
];

interface Range {
  reason: string;
  networks: BlockList;
}

const refusedRanges: readonly Range[] = [
  ...ipv4Ranges.map(([reason, ...networks]) => range(reason, networks.flatMap(withEmbeddings))),
  ...ipv6Ranges.map(([reason, ...networks]) => range(reason, networks)),
];

/** Global unicast, and NAT64 (whose refused embeddings stand above). Everything else of IPv6 is refused. */
const publicIpv6 = range('', ['2000::/3', '64:ff9b::/96']).networks;

/** Why this address is not one of the public internet ("a loopback address"); undefined when it is. */
export function refusalOfAddress(address: string): string | undefined {
  const family = addressFamily(address);
  if (!family) return 'not a plain address';
  const refused = refusedRanges.find(({ networks }) => networks.check(address, family));
  if (refused) return refused.reason;
  return family === 'ipv6' && !publicIpv6.check(address, family) ? 'a reserved address' : undefined;
}

/** A list that holds one CIDR or address. @throws Error when it is neither. */
export function parseNetwork(text: string): BlockList {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = addressFamily(address);
  if (!family || rest.length > 0) throw new Error(`"${text}" is not a network`);
  const networks = new BlockList();
  if (prefix === undefined) networks.addAddress(address, family);
  else if (/^\d{1,3}$/.test(prefix)) networks.addSubnet(address, Number(prefix), family);
  else throw new Error(`"${text}" is not a network`);
  return networks;
}

/** The family that node:net's BlockList wants; undefined for what is not an address, or has an IPv6 zone. */
export function addressFamily(address: string): 'ipv4' | 'ipv6' | undefined {
  if (address.includes('%')) return undefined;
  return ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(address)];
}

function range(reason: string, cidrs: readonly string[]): Range {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    networks.addSubnet(address, Number(prefix), addressFamily(address) ?? 'ipv4');
  }
  return { reason, networks };
}

/** An IPv4 network as itself (which BlockList also finds IPv4-mapped), within NAT64 and within 6to4. */
function withEmbeddings(cidr: string): string[] {
  const [address = '', prefix] = cidr.split('/');
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const sixToFour = `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`;
  return [cidr, `64:ff9b::${address}/${96 + Number(prefix)}`, `${sixToFour}/${16 + Number(prefix)}`];
}
