import { decodeErrorInfo, decodeStatus, GRPC_STATUS_DETAILS_BIN } from '@a2a-js/sdk/errors/grpc';
import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import { InterceptingCall, status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import {
  ClientFactory as V03ClientFactory,
  ClientFactoryOptions as V03ClientFactoryOptions,
  DefaultAgentCardResolver as V03AgentCardResolver,
  JsonRpcTransportFactory as V03JsonRpcTransportFactory,
  RestTransportFactory as V03RestTransportFactory,
} from 'a2a-js-sdk-v0-3/client';
import { GrpcTransport as V03GrpcTransport } from 'a2a-js-sdk-v0-3/client/grpc';
import { adminKey, type TestGateway } from '../../support/gateway.ts';
import { cardUrl } from '../../support/sdk-clients.ts';
import type { Operations, ProtocolVersion, TransportName } from './neutral.ts';
import { httpRefusal, type Refusal } from './refusals.ts';
import { v03Operations } from './v03-driver.ts';
import { v1Operations } from './v1-driver.ts';

export interface Combination {
  version: ProtocolVersion;
  transport: TransportName;
}

const transports: readonly TransportName[] = ['JSONRPC', 'HTTP+JSON', 'GRPC'];
const versions: readonly ProtocolVersion[] = ['1.0', '0.3'];

/** The six ways to reach an agent. */
export const combinations: readonly Combination[] = versions.flatMap((version) =>
  transports.map((transport) => ({ version, transport })),
);

export interface CallerOptions {
  agentId: string;
  /** API key; null sends none, an administrator's where nothing is said. */
  key?: string | null;
  /** Of `Authorization`; SSWS. */
  scheme?: string;
  /** URIs to activate. */
  extensions?: string;
  /** `properties` of each call. */
  properties?: string;
  /** `A2A-Version` in place of what the client says. */
  namedVersion?: string;
}

/** An unmodified SDK client, with what it was refused in view. */
export interface Driver extends Operations, Combination {
  /** What the call is refused with. @throws Error when it is not refused, or not by the gateway */
  refusal(call: () => Promise<unknown>): Promise<Refusal>;
}

/** Connects a client of this version over this transport. */
export async function connect(
  gateway: TestGateway,
  { version, transport }: Combination,
  options: CallerOptions,
): Promise<Driver> {
  const wire = new Wire(transport, version, options);
  const operations = await (version === '1.0' ? connectV1 : connectV03)(gateway, wire, options);
  return {
    ...operations,
    version,
    transport,
    refusal: async (call) => {
      wire.refusal = nothing;
      wire.watched = true;
      try {
        await call();
      } catch (error) {
        const refusal = await wire.refusal;
        if (refusal) return refusal;
        throw error;
      } finally {
        wire.watched = false;
      }
      throw new Error('It was not refused.');
    },
  };
}

const nothing = Promise.resolve(undefined);

/** Puts on every request what the caller says beside it, and looks at every answer before the client does. */
class Wire {
  refusal: Promise<Refusal | undefined> = nothing;
  /** Whether a refusal is expected: the answer of somebody who may leave a stream is not held on to. */
  watched = false;
  readonly transport: TransportName;
  readonly #headers: Record<string, string>;
  readonly #options: CallerOptions;

  constructor(transport: TransportName, version: ProtocolVersion, options: CallerOptions) {
    const { key = adminKey, scheme = 'SSWS', extensions, namedVersion } = options;
    this.transport = transport;
    this.#options = options;
    this.#headers = {
      ...(key !== null && { authorization: `${scheme} ${key}` }),
      ...(extensions !== undefined && {
        [version === '1.0' ? 'a2a-extensions' : 'x-a2a-extensions']: extensions,
      }),
      ...(namedVersion !== undefined && { 'a2a-version': namedVersion }),
    };
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(this.#headers)) headers.set(name, value);
    const url = new URL(input instanceof Request ? input.url : input);
    const { properties } = this.#options;
    if (properties !== undefined) url.searchParams.set('properties', properties);
    const response = await fetch(url, { ...init, headers });
    if (this.watched) this.refusal = httpRefusal(response.clone(), this.transport);
    return response;
  };

  readonly interceptor: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        const { agentId, properties } = this.#options;
        for (const [name, value] of Object.entries(this.#headers)) metadata.set(name, value);
        metadata.set('x-agent-id', agentId);
        if (properties !== undefined) metadata.set('x-properties', properties);
        next(metadata, {
          onReceiveStatus: (received, pass) => {
            this.refusal = Promise.resolve(grpcRefusal(received));
            pass(received);
          },
        });
      },
    });
}

function grpcRefusal({ code, details, metadata }: StatusObject): Refusal | undefined {
  const [bytes] = metadata.get(GRPC_STATUS_DETAILS_BIN);
  if (code === status.OK || !Buffer.isBuffer(bytes)) return undefined;
  const [info] = decodeStatus(bytes).details;
  return { reason: decodeErrorInfo(info?.value ?? Buffer.alloc(0)).reason, code, message: details };
}

async function connectV1(gateway: TestGateway, wire: Wire, options: CallerOptions): Promise<Operations> {
  const { fetch: fetchImpl } = wire;
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [
        new JsonRpcTransportFactory({ fetchImpl }),
        new RestTransportFactory({ fetchImpl }),
        new GrpcTransportFactory({ grpcCallOptions: { interceptors: [wire.interceptor] } }),
      ],
      preferredTransports: [wire.transport],
      cardResolver: new DefaultAgentCardResolver({ fetchImpl: cardFetch(options.agentId, '1.0') }),
    }),
  );
  const client = await factory.createFromUrl(cardUrl(gateway, knownAgent), '');
  if (client.transport.protocolName !== wire.transport) throw new Error('It took another transport.');
  return v1Operations(client);
}

async function connectV03(gateway: TestGateway, wire: Wire, options: CallerOptions): Promise<Operations> {
  if (wire.transport === 'GRPC') {
    const grpcCallOptions = { interceptors: [wire.interceptor] };
    return v03Operations(new V03GrpcTransport({ endpoint: gateway.grpcAddress ?? '', grpcCallOptions }));
  }
  const { fetch: fetchImpl } = wire;
  const factory = new V03ClientFactory(
    V03ClientFactoryOptions.createFrom(V03ClientFactoryOptions.default, {
      transports: [new V03JsonRpcTransportFactory({ fetchImpl }), new V03RestTransportFactory({ fetchImpl })],
      preferredTransports: [wire.transport],
      cardResolver: new V03AgentCardResolver({ fetchImpl: cardFetch(options.agentId, '0.3') }),
    }),
  );
  const client = await factory.createFromUrl(cardUrl(gateway, knownAgent), '');
  return v03Operations(client.transport);
}

/** Whose card every client is made from. */
const knownAgent = 'talker';

/**
 * Fetches the card and makes it that of the agent which is to be called, with everything on: so a client asks also
 * where the true card would have told it not to, or not have been shown to it.
 */
function cardFetch(agentId: string, version: ProtocolVersion): typeof fetch {
  return async (input) => {
    const response = await fetch(input, { headers: { 'A2A-Version': version } });
    const text = await response.text();
    return new Response(
      text
        .replaceAll(`/a2a/${knownAgent}`, `/a2a/${agentId}`)
        .replaceAll(`"tenant":"${knownAgent}"`, `"tenant":"${agentId}"`),
      { headers: { 'Content-Type': 'application/json' } },
    );
  };
}
