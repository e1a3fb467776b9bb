import type { Request, RequestHandler, Response } from 'express';
import type { AgentInvoker } from '../agents/invoker.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { toProblem } from '../http/error-table.ts';
import { logProblem, setProblemHeaders } from '../http/error-writer.ts';
import { readJsonBody } from '../http/json-body.ts';
import { Problem } from '../http/problem.ts';
import { queryText } from '../http/query-text.ts';
import { requestIdOf } from '../http/request-context.ts';
import type { KeepAlive } from '../http/keep-alive.ts';
import { SseWriter } from '../http/sse.ts';
import { parseEventId } from '../runs/event.ts';
import { parseProperties } from '../runs/properties.ts';
import type { Log } from '../telemetry/log.ts';
import type { Call } from './call.ts';
import { errorRow, toJsonRpcError } from './errors.ts';
import { activate, declaredExtensions } from './extensions.ts';
import { readRequest, requestId, runMethod, type JsonRpcRequest } from './json-rpc.ts';
import type { Operations } from './operations.ts';
import type { RunStream } from './run-stream.ts';
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
    const call = openCall(request, response, { principal, agent, method: rpc.method });
    const result = await runMethod(options.operations, rpc, call);
    announceExtensions(response, call);
    if (result.stream) void stream(options, response, rpc.id, result.stream);
    else response.json({ jsonrpc: '2.0', id: rpc.id, result: result.json });
  } catch (error) {
    answerError(options.log, request, response, { error, id: requestId(body) });
  }
}

/** Reads all that the headers and the query say of the call, before any task exists. */
function openCall(
  request: RpcHttpRequest,
  response: Response,
  known: Pick<Call, 'principal' | 'agent'> & { method: string },
): Call {
  const { headers } = request;
  const codec = negotiate(text(headers['a2a-version']), queryText(request, 'A2A-Version'), known.method);
  const requested = [headers['a2a-extensions'], headers['x-a2a-extensions']];
  const { activated } = activate(requested, declaredExtensions(known.agent));
  const cursor = parseEventId(text(headers['last-event-id']) ?? '');
  const llmId = queryText(request, 'llmId');
  return {
    principal: known.principal,
    agent: known.agent,
    codec,
    activated,
    properties: parseProperties(queryText(request, 'properties')),
    get signal() {
      return signalOf(response);
    },
    ...(llmId && { llmId }),
    ...(cursor && { cursor }),
  };
}

/** One for all: an abort without a reason makes an exception with a stack, at the end of every answer. */
const readerGone = new Error('The reader is gone.');

/** Aborts when the answer's socket is closed. */
function signalOf(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort(readerGone));
  return controller.signal;
}

/** The activated extensions stand in the header of streams too, so they are said before the first byte. */
function announceExtensions(response: Response, call: Call): void {
  if (call.activated.length > 0) response.setHeader(call.codec.extensionsHeader, call.activated.join(', '));
}

/** A batch that is longer is written in pieces, so that a reader who does not read holds no more than one of them. */
const chunkCharacters = 65_536;

/** Writes the frames until the run is at rest or the reader is gone. Never rejects. */
async function stream(
  { keepAlive, log }: JsonRpcDoorOptions,
  response: Response,
  id: JsonRpcRequest['id'],
  frames: RunStream,
): Promise<void> {
  const opening = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
  const writer = new SseWriter(response, keepAlive);
  try {
    writer.open();
    // A reader that leaves ends its stream at once, and not with the next event.
    writer.onClose(() => void frames.return());
    for await (const batch of frames) {
      let chunk = '';
      for (const [index, frame] of batch.entries()) {
        chunk += `id: ${frame.id}\ndata: ${opening}${frame.json}}\n\n`;
        if (chunk.length < chunkCharacters && index < batch.length - 1) continue;
        const full = writer.write(chunk);
        if (full) await full;
        if (writer.closed) return;
        chunk = '';
      }
    }
    writer.end();
  } catch (error) {
    // There is no place for an error in the middle of a stream: its reader resumes after its last event.
    logProblem(toProblem(error), log, requestIdOf(response.req));
    response.destroy();
  }
}

function requireJson(request: RpcHttpRequest): void {
  if (request.is(['application/json', 'application/a2a+json']) !== false) return;
  throw new Problem('content_type_not_supported', 'The body of a JSON-RPC request is application/json.');
}

function answerError(
  log: Log,
  request: RpcHttpRequest,
  response: Response,
  failed: { error: unknown; id: string | number | null },
): void {
  const problem = toProblem(failed.error);
  logProblem(problem, log, requestIdOf(request));
  // Half an answer is out: all that is left is to cut it off.
  if (response.headersSent) return void response.destroy();
  setProblemHeaders(response, problem);
  const body = { jsonrpc: '2.0', id: failed.id, error: toJsonRpcError(problem) };
  response.status(errorRow(problem.reason).httpStatus).json(body);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
