import type { ProtocolVersion } from './wire.ts';

/** One way to reach an agent; a card lists them in this order, v1.0 first (spec §4.4.6). */
export interface CardBinding {
  protocolBinding: string;
  protocolVersion: ProtocolVersion;
  /** `base` is the gateway's public URL without a slash at its end. */
  url: (base: string, agentId: string) => string;
}

export const cardBindings: readonly CardBinding[] = [
  { protocolBinding: 'JSONRPC', protocolVersion: '1.0', url: agentUrl },
  { protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', url: agentUrl },
  { protocolBinding: 'JSONRPC', protocolVersion: '0.3', url: agentUrl },
  // Its clients add the `/v1` themselves.
  { protocolBinding: 'HTTP+JSON', protocolVersion: '0.3', url: agentUrl },
];

function agentUrl(base: string, agentId: string): string {
  return `${base}/a2a/${agentId}`;
}

/** An AgentInterface of v1.0 (spec §4.4.6). */
export interface SupportedInterface {
  url: string;
  protocolBinding: string;
  protocolVersion: ProtocolVersion;
}

/** The interfaces of one agent, in the order of preference. */
export function supportedInterfaces(publicUrl: string, agentId: string): SupportedInterface[] {
  const base = publicUrl.replace(/\/+$/, '');
  return cardBindings.map(({ protocolBinding, protocolVersion, url }) => ({
    url: url(base, agentId),
    protocolBinding,
    protocolVersion,
  }));
}
