import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { GrpcEndpoint } from '../card-interfaces.ts';
import { handlerOf, type GrpcDoorOptions } from './door.ts';
import type { GrpcService } from './service.ts';
import { v03Service } from './v03-service.ts';
import { v1Service } from './v1-service.ts';

export interface GrpcServerOptions extends GrpcDoorOptions {
  /** Address or name of the interface to listen on. */
  host: string;
  /** 0: a free one. */
  port: number;
  /** PEM files; without them the connection is plain. */
  tls?: { certFile: string; keyFile: string };
  /** A larger message is refused with RESOURCE_EXHAUSTED. */
  maxMessageBytes: number;
  /** How long a connection may be silent before it is asked for a sign of life. */
  keepaliveSeconds: number;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  /** How callers reach it on the host of this URL. */
  endpoint(url: string): GrpcEndpoint;
  /** Takes no new connection or call; resolves when the last call is over. */
  drain(): Promise<void>;
  /** Cuts what is left. */
  close(): void;
}

/** Of one connection; a client that needs more opens another one. */
const maxConcurrentStreams = 1000;

/** How long a client may take to give a sign of life when asked for it. */
const keepaliveTimeoutMs = 20_000;

/** Opens the services of both protocol versions on one port. @throws Error when it cannot listen, or for bad PEM files */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_concurrent_streams': maxConcurrentStreams,
    'grpc.keepalive_time_ms': options.keepaliveSeconds * 1000,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.enable_channelz': 0,
  });
  for (const service of [v1Service, v03Service]) addService(server, service, options);
  const port = await listen(server, addressOf(options), await credentialsOf(options));
  return {
    endpoint: (url) => ({
      address: `${new URL(url).hostname}:${port}`,
      secure: options.tls !== undefined,
      defaultAgentId: options.defaultAgentId(),
    }),
    drain: async () =>
      await new Promise((resolve, reject) => {
        server.tryShutdown((error) => (error ? reject(error) : resolve()));
      }),
    close: () => server.forceShutdown(),
  };
}

function addService(server: Server, service: GrpcService, options: GrpcDoorOptions): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const procedure of service.procedures) {
    definition[procedure.operation] = {
      path: procedure.path,
      requestStream: false,
      responseStream: procedure.streams,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[procedure.operation] = handlerOf(options, service, procedure);
  }
  server.addService(definition, implementation);
}

/** Messages are read and written behind the door. */
function asIs(message: Buffer): Buffer {
  return message;
}

async function credentialsOf({ tls }: GrpcServerOptions): Promise<ServerCredentials> {
  if (!tls) return ServerCredentials.createInsecure();
  const [cert_chain, private_key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return ServerCredentials.createSsl(null, [{ cert_chain, private_key }]);
}

function addressOf({ host, port }: GrpcServerOptions): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error)
        reject(new Error(`gRPC (GRPC_PORT) cannot listen on ${address}: ${error.message}`, { cause: error }));
      else resolve(port);
    });
  });
}
