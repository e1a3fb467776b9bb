import type { Request, RequestHandler, Response } from 'express';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { KeepAlive } from '../http/keep-alive.ts';
import type { Log } from '../telemetry/log.ts';
import { errorRow, toJsonRpcError } from './errors.ts';
import {
  announceExtensions,
  openHttpCall,
  openRefusal,
  requestedVersion,
  requireJson,
  writeFrames,
} from './http-call.ts';
import { readRequest, requestId, requestMethod, runMethod, type JsonRpcRequest } from './json-rpc.ts';
import type { Operations } from './operations.ts';
import { v03Codec } from './v03/codec.ts';
import { negotiate } from './versions.ts';

export interface JsonRpcDoorOptions {
  authenticate: Authenticate;
  invoker: AgentInvoker;
  operations: Operations;
  keepAlive: KeepAlive;
  log: Log;
  maxBodyBytes: number;
}

type RpcHttpRequest = Request<{ agentId: string }>;

/**
 * `POST /a2a/{agentId}`: JSON-RPC of both protocol versions (spec §9). The handler itself returns at once: a
 * promise in Express's hands would hold its chain of closures for as long as a stream is open.
 */
export function jsonRpcDoor(options: JsonRpcDoorOptions): RequestHandler<{ agentId: string }> {
  return (request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    void answer(options, request, response);
  };
}

/** Answers the request, or begins the stream that answers it. Never rejects. */
async function answer(
  options: JsonRpcDoorOptions,
  request: RpcHttpRequest,
  response: Response,
): Promise<void> {
  let body: unknown;
  try {
    const principal = await options.authenticate(request.headers, request.ip ?? '');
    const agent = options.invoker.find(principal, request.params.agentId, 'invoke');
    requireJson(request);
    body = await readJsonBody(request, { maxBytes: options.maxBodyBytes });
    const rpc = readRequest(body);
    const codec = negotiate(requestedVersion(request), undefined, rpc.method);
    const call = openHttpCall(request, response, { principal, agent, codec });
    const result = await runMethod(options.operations, rpc, call);
    announceExtensions(response, call);
    if (result.stream) void writeFrames(response, result.stream, { ...options, ...envelope(rpc.id) });
    else response.json({ jsonrpc: '2.0', id: rpc.id, result: result.json });
  } catch (error) {
    answerError(options.log, request, response, { error, body });
  }
}

/** What stands around each event of a stream (spec §9.4.2). */
function envelope(id: JsonRpcRequest['id']): { opening: string; closing: string } {
  return { opening: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, closing: '}' };
}

function answerError(
  log: Log,
  request: RpcHttpRequest,
  response: Response,
  failed: { error: unknown; body: unknown },
): void {
  const problem = openRefusal(response, failed.error, log);
  if (!problem) return;
  const body = { jsonrpc: '2.0', id: requestId(failed.body), error: toJsonRpcError(problem) };
  const { httpStatus } = errorRow(problem.reason);
  if (httpStatus === 200 && expectsEvents(request, failed.body)) {
    response.type('text/event-stream').set('Cache-Control', 'no-cache, no-transform');
    response.end(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
  } else response.status(httpStatus).json(body);
}

/**
 * Whether the answer to a refused request must be an event: clients of v0.3 that ask for a stream read nothing
 * else (their kit and their SDK refuse JSON there, and the reason with it). v1.0 has JSON (spec §9.4.2).
 */
function expectsEvents(request: RpcHttpRequest, body: unknown): boolean {
  const method = requestMethod(body);
  const operation = method === undefined ? undefined : v03Codec.methods.get(method);
  const isStream = operation === 'sendStreamingMessage' || operation === 'subscribeToTask';
  return isStream && (request.headers.accept ?? '').includes('text/event-stream');
}
