import { AgentCard } from '@a2a-js/sdk';
import {
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type Client,
} from '@a2a-js/sdk/client';
import { A2AError, TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { RemoteCard } from './remote-card.ts';
import type { RemoteConnection } from './remote-connection.ts';
import { quoted, RemoteFailure } from './remote-failure.ts';

/** The SDK's client for the address that the card offers; it speaks the version of that address. */
export async function openClient(
  { address, streaming }: RemoteCard,
  connection: RemoteConnection,
): Promise<Client> {
  const options = { fetchImpl: connection.fetch, legacyCompat: { enabled: true } };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
  });
  const { url, tenant, version: protocolVersion, binding: protocolBinding } = address;
  const supportedInterfaces = [{ url, tenant, protocolVersion, protocolBinding }];
  return await factory.createFromAgentCard(
    AgentCard.fromJSON({ supportedInterfaces, capabilities: { streaming } }),
  );
}

/** The remote knows no such task, or no longer. */
export function isNotFound(error: unknown): boolean {
  return error instanceof TaskNotFoundError;
}

/** What the remote answers to a subscription of a task that is over (spec §3.1.6), or that it cannot stream. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedOperationError || codeOf(error) === methodNotFound;
}

/** Whether it may be the conversation's id that the remote refuses: it may accept none of its callers (spec §3.4.1). */
export function mayRefuseContext(error: unknown): boolean {
  if (!(error instanceof A2AError) || isNotFound(error)) return false;
  const code = codeOf(error);
  return code === invalidParams || code === invalidRequest || /context/i.test(error.message);
}

/** Says what went wrong, for the caller; the remote's own words only where it speaks A2A. */
export function asRemoteFailure(error: unknown, secrets: readonly string[]): RemoteFailure {
  const failure = ownFailure(error);
  if (failure) return failure;
  const answer = a2aError(error);
  if (answer)
    return new RemoteFailure(`The remote agent refused: ${quoted(answer.message, secrets)}`, {
      cause: error,
    });
  return new RemoteFailure('The remote agent did not answer as A2A servers do.', { cause: error });
}

const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;

function ownFailure(error: unknown): RemoteFailure | undefined {
  if (error instanceof RemoteFailure) return error;
  return error instanceof Error && error.cause instanceof RemoteFailure ? error.cause : undefined;
}

/** An error within a stream is the cause of what the SDK throws. */
function a2aError(error: unknown): Error | undefined {
  if (error instanceof A2AError) return error;
  return error instanceof Error && error.cause instanceof A2AError ? error.cause : undefined;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof A2AError && 'envelopeCode' in error ? Number(error.envelopeCode) : undefined;
}
