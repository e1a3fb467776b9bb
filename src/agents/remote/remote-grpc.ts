import { credentials } from '@grpc/grpc-js';
import type { CallInterceptor, TransportFactory } from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import type { RemoteInterface } from './remote-card.ts';
import { RemoteFailure } from './remote-failure.ts';

/**
 * gRPC to a remote agent. The egress guard knows only HTTP: so the host must be the card's own, which the operator
 * wrote. It is spoken to with TLS if the card is.
 * @throws RemoteFailure for an address on another host.
 */
export function grpcTransport({ url }: RemoteInterface, card: URL): TransportFactory {
  if (URL.parse(`http://${url}`)?.hostname !== card.hostname) {
    throw new RemoteFailure("The remote agent's gRPC address is not on the host of its card.");
  }
  const isSecure = card.protocol === 'https:';
  return new GrpcTransportFactory({
    grpcChannelCredentials: isSecure ? credentials.createSsl() : credentials.createInsecure(),
  });
}

/** Gives each call the gateway's own headers, as metadata. */
export function withHeaders(headers: Readonly<Record<string, string>>): CallInterceptor {
  return {
    before(args) {
      const serviceParameters = { ...args.options?.serviceParameters, ...headers };
      args.options = { ...args.options, serviceParameters };
      return Promise.resolve();
    },
    after: () => Promise.resolve(),
  };
}
