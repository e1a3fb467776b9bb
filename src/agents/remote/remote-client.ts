import { AgentCard } from '@a2a-js/sdk';
import {
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type Client,
} from '@a2a-js/sdk/client';
import { A2AError, TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { RemoteCard, RemoteInterface } from './remote-card.ts';
import type { RemoteConnection } from './remote-connection.ts';
import { away, quoted, refusedCredentials, RemoteFailure } from './remote-failure.ts';

/** The SDK's client for the address that the card offers; it speaks the version of that address. */
export async function openClient(
  { address, streaming }: RemoteCard,
  connection: RemoteConnection,
): Promise<Client> {
  const options = { fetchImpl: connection.fetch, legacyCompat: { enabled: true } };
  const transports = [new JsonRpcTransportFactory(options), new RestTransportFactory(options)];
  return await new ClientFactory({ transports }).createFromAgentCard(cardOf(address, streaming));
}

/** The same for gRPC, which has connections of its own: to be kept, as the SDK's client cannot close them. */
export async function openGrpcClient(
  { address, streaming }: RemoteCard,
  cardUrl: string,
  headers: Readonly<Record<string, string>>,
): Promise<Client> {
  const { grpcTransport, withHeaders } = await import('./remote-grpc.ts');
  const transports = [grpcTransport(address, new URL(cardUrl))];
  const clientConfig = { interceptors: [withHeaders(headers)] };
  return await new ClientFactory({ transports, clientConfig }).createFromAgentCard(
    cardOf(address, streaming),
  );
}

function cardOf(
  { url, tenant, version: protocolVersion, binding }: RemoteInterface,
  streaming: boolean,
): AgentCard {
  const supportedInterfaces = [{ url, tenant, protocolVersion, protocolBinding: binding }];
  return AgentCard.fromJSON({ supportedInterfaces, capabilities: { streaming } });
}

/** The remote knows no such task, or no longer. */
export function isNotFound(error: unknown): boolean {
  return a2aError(error) instanceof TaskNotFoundError;
}

/** What the remote answers to a subscription of a task that is over (spec §3.1.6), or that it cannot stream. */
export function isUnsupported(error: unknown): boolean {
  const answer = a2aError(error);
  return answer instanceof UnsupportedOperationError || codeOf(answer) === methodNotFound;
}

/** Whether it may be the conversation's id that the remote refuses: it need not take a client's own (spec §3.4.1). */
export function mayRefuseContext(error: unknown): boolean {
  const answer = a2aError(error);
  if (!answer || isNotFound(answer)) return false;
  const code = codeOf(answer);
  return code === invalidParams || code === invalidRequest || /context/i.test(answer.message);
}

/** Says what went wrong, for the caller; the remote's own words only where it speaks A2A. */
export function asRemoteFailure(error: unknown, secrets: readonly string[]): RemoteFailure {
  const failure = causeOf(error, (cause) => cause instanceof RemoteFailure);
  if (failure) return failure;
  const answer = a2aError(error);
  const status = grpcStatusOf(answer);
  if (status === unauthenticated || status === permissionDenied) return refusedCredentials(`gRPC ${status}`);
  if (status === unavailable) return away(`gRPC ${status}`);
  const message = answer
    ? `The remote agent refused: ${quoted(answer.message, secrets)}`
    : 'The remote agent did not answer as A2A servers do.';
  return new RemoteFailure(message, { cause: error });
}

const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;

const permissionDenied = 7;
const unavailable = 14;
const unauthenticated = 16;

/** An error that came within a stream is the cause of what the SDK throws. */
function a2aError(error: unknown): A2AError | undefined {
  return causeOf(error, (cause) => cause instanceof A2AError);
}

function causeOf<T extends Error>(error: unknown, is: (cause: unknown) => cause is T): T | undefined {
  if (is(error)) return error;
  return error instanceof Error && is(error.cause) ? error.cause : undefined;
}

function codeOf(error: A2AError | undefined): number | undefined {
  return error && 'envelopeCode' in error ? Number(error.envelopeCode) : undefined;
}

function grpcStatusOf(error: A2AError | undefined): number | undefined {
  const isGrpc = error && 'transport' in error && error.transport === 'grpc';
  return isGrpc && 'status' in error ? Number(error.status) : undefined;
}
