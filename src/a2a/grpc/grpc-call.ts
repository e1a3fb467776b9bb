import { Metadata, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { Problem } from '../../http/problem.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { Call } from '../call.ts';
import { openCall } from '../open-call.ts';
import { codecOf, namedVersion } from '../versions.ts';
import type { GrpcService } from './service.ts';

/** A call as the server has it; messages are bytes, as they are read and written here. */
export type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
export type StreamCall = ServerWritableStream<Buffer, Buffer>;
export type ServerCall = UnaryCall | StreamCall;

/** The first value of a key; binary keys are not asked for. */
export function metadataText(metadata: Metadata, key: string): string | undefined {
  return metadata.get(key).map(String).at(0);
}

/** The caller's IP address, without the port behind it. */
export function addressOf(call: ServerCall): string {
  return call.getPeer().replace(/:\d+$/, '');
}

/**
 * The version is told by the service; metadata that names another one is a mistake (spec §3.6).
 * @throws Problem version_not_supported
 */
export function requireVersion({ name, codec }: GrpcService, metadata: Metadata): void {
  const named = namedVersion(metadataText(metadata, 'a2a-version'), undefined);
  if (named === undefined || codecOf(named)?.version === codec.version) return;
  throw new Problem(
    'version_not_supported',
    `The service ${name} speaks A2A ${codec.version}, not ${JSON.stringify(named.slice(0, 32))}.`,
    { details: { supported: [codec.version] } },
  );
}

/**
 * Which agent is called: `tenant` of a v1.0 request, as its card says (spec §4.4.6), else `x-agent-id` of the
 * metadata, else the default one.
 * @throws Problem not_found while no agent is declared
 */
export function requestedAgent(
  params: JsonObject,
  metadata: Metadata,
  defaultAgentId: string | undefined,
): string {
  const { tenant } = params;
  const named = (typeof tenant === 'string' && tenant) || metadataText(metadata, 'x-agent-id');
  const agentId = named || defaultAgentId;
  if (agentId === undefined) throw new Problem('not_found', 'No agent is declared yet.');
  return agentId;
}

/** Reads all that the metadata says of the call (spec §10.2). */
export function openGrpcCall(call: ServerCall, known: Pick<Call, 'principal' | 'agent' | 'codec'>): Call {
  const { metadata } = call;
  const extensions = [...metadata.get('a2a-extensions'), ...metadata.get('x-a2a-extensions')].map(String);
  const parameters = {
    extensions,
    lastEventId: metadataText(metadata, 'last-event-id'),
    llmId: metadataText(metadata, 'x-llm-id'),
    properties: metadataText(metadata, 'x-properties'),
  };
  return openCall(parameters, known, () => signalOf(call));
}

/** Made once: an abort without a reason makes an exception with a stack, at the end of every answer. */
const callerGone = new Error('The caller is gone.');

/** Aborts when the call is canceled, is over its deadline, or has lost its connection. */
function signalOf(call: ServerCall): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort(callerGone);
  else call.once('cancelled', () => controller.abort(callerGone));
  return controller.signal;
}

/** What stands before the first message: the activated extensions, and the id under which the log has the request. */
export function initialMetadata(call: Call, requestId: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  if (call.activated.length > 0) metadata.set(call.codec.extensionsHeader, call.activated.join(', '));
  return metadata;
}
