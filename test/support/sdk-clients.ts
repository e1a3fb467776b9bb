import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import {
  ClientFactory as V03ClientFactory,
  ClientFactoryOptions as V03ClientFactoryOptions,
  DefaultAgentCardResolver as V03AgentCardResolver,
  JsonRpcTransportFactory as V03JsonRpcTransportFactory,
  RestTransportFactory as V03RestTransportFactory,
} from 'a2a-js-sdk-v0-3/client';
import { adminKey } from './gateway.ts';

export type V1Client = Awaited<ReturnType<ClientFactory['createFromUrl']>>;
export type V03Client = Awaited<ReturnType<V03ClientFactory['createFromUrl']>>;

export const httpTransports = ['JSONRPC', 'HTTP+JSON'] as const;

export interface ClientOptions {
  /** The one that the client prefers; default JSONRPC. */
  transport?: (typeof httpTransports)[number];
  headers?: Readonly<Record<string, string>>;
  /** Sees every answer before the client reads it. */
  onResponse?: (response: Response) => unknown;
}

/** The unmodified v1.0 SDK client, made from the card's URL alone. */
export async function connectV1(cardUrl: string, options: ClientOptions = {}): Promise<V1Client> {
  const fetchImpl = fetchWith(options);
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
      preferredTransports: [options.transport ?? 'JSONRPC'],
      cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
    }),
  );
  return await factory.createFromUrl(cardUrl, '');
}

/** The unmodified v0.3 SDK client, made from the card's URL alone. */
export async function connectV03(cardUrl: string, options: ClientOptions = {}): Promise<V03Client> {
  const fetchImpl = fetchWith(options);
  const factory = new V03ClientFactory(
    V03ClientFactoryOptions.createFrom(V03ClientFactoryOptions.default, {
      transports: [new V03JsonRpcTransportFactory({ fetchImpl }), new V03RestTransportFactory({ fetchImpl })],
      preferredTransports: [options.transport ?? 'JSONRPC'],
      cardResolver: new V03AgentCardResolver({ fetchImpl }),
    }),
  );
  return await factory.createFromUrl(cardUrl, '');
}

/** The card's address of an agent. */
export function cardUrl(gateway: { url: string }, agentId: string): string {
  return `${gateway.url}/a2a/${agentId}/.well-known/agent-card.json`;
}

function fetchWith(options: ClientOptions): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `SSWS ${adminKey}`);
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    const response = await fetch(input, { ...init, headers });
    options.onResponse?.(response);
    return response;
  };
}
