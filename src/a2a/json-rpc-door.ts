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
import { readRequest, requestId, runMethod, type JsonRpcRequest } from './json-rpc.ts';
import type { Operations } from './operations.ts';
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
    const problem = openRefusal(response, error, options.log);
    if (!problem) return;
    const answered = { jsonrpc: '2.0', id: requestId(body), error: toJsonRpcError(problem) };
    response.status(errorRow(problem.reason).httpStatus).json(answered);
  }
}

/** What stands around each event of a stream (spec §9.4.2). */
function envelope(id: JsonRpcRequest['id']): { opening: string; closing: string } {
  return { opening: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, closing: '}' };
}
