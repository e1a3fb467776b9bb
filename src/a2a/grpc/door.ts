import type {
  handleServerStreamingCall,
  handleUnaryCall,
  sendUnaryData,
  StatusObject,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { AgentInvoker } from '../../agents/invoker.ts';
import type { Authenticate } from '../../auth/authenticate.ts';
import { toProblem } from '../../http/error-table.ts';
import { logProblem } from '../../http/error-writer.ts';
import { identify } from '../../http/request-context.ts';
import type { Log } from '../../telemetry/log.ts';
import { runOperation, type OperationResult } from '../dispatch.ts';
import type { Operations } from '../operations.ts';
import {
  addressOf,
  initialMetadata,
  metadataText,
  openGrpcCall,
  requestedAgent,
  requireVersion,
  type ServerCall,
  type StreamCall,
  type UnaryCall,
} from './grpc-call.ts';
import { readMessage } from './read-message.ts';
import type { GrpcService, Procedure } from './service.ts';
import { toGrpcStatus } from './status.ts';
import { writeMessages } from './write-messages.ts';

export interface GrpcDoorOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  operations: Operations;
  /** Id of the agent that is called where nothing names one. */
  defaultAgentId: () => string | undefined;
  log: Log;
}

/** One procedure behind the door. */
interface Served extends GrpcDoorOptions {
  service: GrpcService;
  procedure: Procedure;
}

/**
 * The handler of one procedure. Messages come to it as bytes: what they say is looked at when it is known who
 * calls, and what is wrong with them is told like any other mistake.
 */
export function handlerOf(
  options: GrpcDoorOptions,
  service: GrpcService,
  procedure: Procedure,
): UntypedHandleCall {
  const served = { ...options, service, procedure };
  const unary: handleUnaryCall<Buffer, Buffer> = (call, respond) => void answerUnary(served, call, respond);
  const stream: handleServerStreamingCall<Buffer, Buffer> = (call) => void answerStream(served, call);
  return procedure.streams ? stream : unary;
}

/** Answers a call with one message. Never rejects. */
async function answerUnary(served: Served, call: UnaryCall, respond: sendUnaryData<Buffer>): Promise<void> {
  const requestId = identify(metadataText(call.metadata, 'x-request-id'));
  try {
    const { json = null } = await perform(served, call, requestId);
    respond(null, served.procedure.encode(json));
  } catch (error) {
    respond(refusal(served, error, requestId));
  }
}

/** Answers a call with a stream of messages. Never rejects. */
async function answerStream(served: Served, call: StreamCall): Promise<void> {
  const requestId = identify(metadataText(call.metadata, 'x-request-id'));
  try {
    const { stream } = await perform(served, call, requestId);
    if (stream) await writeMessages(call, stream, served.procedure);
    else call.end();
  } catch (error) {
    // The one way to end a stream with a status.
    call.emit('error', refusal(served, error, requestId));
  }
}

/** Who calls, what, which agent; then the operation, as every transport does it. */
async function perform(served: Served, call: ServerCall, requestId: string): Promise<OperationResult> {
  const { service, procedure } = served;
  served.log.debug('request', { requestId, method: 'gRPC', path: procedure.path });
  const authorization = metadataText(call.metadata, 'authorization');
  const principal = await served.authenticate(
    authorization === undefined ? {} : { authorization },
    addressOf(call),
  );
  requireVersion(service, call.metadata);
  const params = readMessage(procedure, call.request);
  const agentId = requestedAgent(params, call.metadata, served.defaultAgentId());
  const agent = served.invoker.find(principal, agentId, 'invoke');
  const opened = openGrpcCall(call, { principal, agent, codec: service.codec });
  const metadata = initialMetadata(opened, requestId);
  const result = await runOperation(served.operations, procedure.operation, params, opened);
  call.sendMetadata(metadata);
  return result;
}

function refusal({ log }: Served, error: unknown, requestId: string): StatusObject {
  const problem = toProblem(error);
  logProblem(problem, log, requestId);
  return toGrpcStatus(problem, requestId);
}
