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
  /** What requests over this interface carry as their tenant. */
  tenant?: string;
}

/** The interfaces of one agent, in the order of preference. */
export function supportedInterfaces(
  publicUrl: string,
  agentId: string,
  grpc?: GrpcEndpoint,
): SupportedInterface[] {
  const base = publicUrl.replace(/\/+$/, '');
  const overHttp = cardBindings.map(({ protocolBinding, protocolVersion, url }) => ({
    url: url(base, agentId),
    protocolBinding,
    protocolVersion,
  }));
  const all = grpc ? [...overHttp, ...grpcInterfaces(grpc, agentId)] : overHttp;
  return all.toSorted((one, other) => other.protocolVersion.localeCompare(one.protocolVersion));
}

/** The gRPC server as callers reach it. */
export interface GrpcEndpoint {
  /** `host:port` */
  address: string;
  secure: boolean;
  /** Whom a call reaches that names no agent. */
  defaultAgentId: string | undefined;
}

/**
 * A v1.0 request names its agent as the tenant. One of v0.3 cannot: an unsuspecting client would reach the default
 * agent, so only that one's card has the interface.
 */
function grpcInterfaces(
  { address, secure, defaultAgentId }: GrpcEndpoint,
  agentId: string,
): SupportedInterface[] {
  const protocolBinding = 'GRPC';
  const current: SupportedInterface = {
    url: address,
    protocolBinding,
    protocolVersion: '1.0',
    tenant: agentId,
  };
  if (agentId !== defaultAgentId) return [current];
  const url = `${secure ? 'https' : 'http'}://${address}`;
  return [current, { url, protocolBinding, protocolVersion: '0.3' }];
}
