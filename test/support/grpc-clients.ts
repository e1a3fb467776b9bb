import { ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import {
  Client as BytesClient,
  credentials as channelCredentials,
  InterceptingCall,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type ClientReadableStream,
  type Interceptor,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { GrpcTransport as V03GrpcTransport } from 'a2a-js-sdk-v0-3/client/grpc';
import { adminKey } from './gateway.ts';
import type { V1Client } from './sdk-clients.ts';

export interface GrpcClientOptions {
  /** Beside the administrator's credentials, which an own `authorization` replaces; '' sends none. */
  metadata?: Readonly<Record<string, string>>;
  /** Plain where nothing is said. */
  credentials?: ChannelCredentials;
}

/** The unmodified v1.0 SDK client over gRPC, made from the card's URL alone. */
export async function connectGrpcV1(cardUrl: string, options: GrpcClientOptions = {}): Promise<V1Client> {
  const { credentials } = options;
  const transport = new GrpcTransportFactory({
    grpcCallOptions: callOptions(options),
    ...(credentials && { grpcChannelCredentials: credentials }),
  });
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [transport],
      preferredTransports: ['GRPC'],
    }),
  );
  return await factory.createFromUrl(cardUrl, '');
}

/** The unmodified v0.3 SDK client's gRPC. It takes no URL as v0.3 cards have it, so it gets the bare address. */
export function connectGrpcV03(address: string, options: GrpcClientOptions = {}): V03GrpcTransport {
  return new V03GrpcTransport({ endpoint: address, grpcCallOptions: callOptions(options) });
}

function callOptions({ metadata }: GrpcClientOptions): Partial<CallOptions> {
  return { interceptors: [sendMetadata({ authorization: `SSWS ${adminKey}`, ...metadata })] };
}

function sendMetadata(given: Readonly<Record<string, string>>): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        for (const [key, value] of Object.entries(given)) if (value !== '') metadata.set(key, value);
        next(metadata, listener);
      },
    });
}

/** What a generated method definition has that a client needs. */
export interface ClientMethod<Request, Response> {
  path: string;
  requestSerialize: (request: Request) => Buffer;
  responseDeserialize: (bytes: Buffer) => Response;
}

export interface GrpcAnswer<Response> {
  /** Absent when the call was refused. */
  response?: Response;
  error?: ServiceError;
  /** Came before the first message. */
  initial: Metadata;
  status: StatusObject;
}

/** Calls on a channel of its own, with all that a call brings in view. */
export class GrpcCaller {
  readonly #client: BytesClient;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(address: string, { credentials, metadata = {} }: GrpcClientOptions = {}) {
    this.#client = new BytesClient(address, credentials ?? channelCredentials.createInsecure());
    this.#metadata = metadata;
  }

  async unary<Request, Response>(
    method: ClientMethod<Request, Response>,
    request: Request,
    metadata: Readonly<Record<string, string>> = {},
    options: CallOptions = {},
  ): Promise<GrpcAnswer<Response>> {
    return await this.bytes(method, method.requestSerialize(request), metadata, options);
  }

  /** Sends these bytes, whatever they are. */
  async bytes<Response>(
    { path, responseDeserialize }: Pick<ClientMethod<never, Response>, 'path' | 'responseDeserialize'>,
    message: Buffer,
    metadata: Readonly<Record<string, string>> = {},
    options: CallOptions = {},
  ): Promise<GrpcAnswer<Response>> {
    let initial = new Metadata();
    const answered = Promise.withResolvers<{ error?: ServiceError; response?: Response }>();
    const ended = Promise.withResolvers<StatusObject>();
    this.#client
      .makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        responseDeserialize,
        message,
        this.#metadataOf(metadata),
        options,
        (error, response) =>
          answered.resolve({ ...(error && { error }), ...(response !== undefined && { response }) }),
      )
      .on('metadata', (received) => (initial = received))
      .on('status', ended.resolve);
    return { ...(await answered.promise), initial, status: await ended.promise };
  }

  stream<Request, Response>(
    { path, requestSerialize, responseDeserialize }: ClientMethod<Request, Response>,
    request: Request,
    metadata: Readonly<Record<string, string>> = {},
    options: CallOptions = {},
  ): ClientReadableStream<Response> {
    return this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      this.#metadataOf(metadata),
      options,
    );
  }

  close(): void {
    this.#client.close();
  }

  #metadataOf(more: Readonly<Record<string, string>>): Metadata {
    const metadata = new Metadata();
    const all = { authorization: `SSWS ${adminKey}`, ...this.#metadata, ...more };
    for (const [key, value] of Object.entries(all)) if (value !== '') metadata.set(key, value);
    return metadata;
  }
}
