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
  const message = answer
    ? `The remote agent refused: ${quoted(answer.message, secrets)}`
    : 'The remote agent did not answer as A2A servers do.';
  return new RemoteFailure(message, { cause: error });
}

const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;

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
