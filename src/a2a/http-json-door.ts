import type { Request, RequestHandler, Response } from 'express';
import type { Json } from '../runs/message.ts';
import { runOperation } from './dispatch.ts';
import { errorRow, toJsonRpcError, toRestError } from './errors.ts';
import { announceExtensions, openHttpCall, openRefusal, requestedVersion, writeFrames } from './http-call.ts';
import { readParams } from './http-json-params.ts';
import { matchRoute } from './http-json-routes.ts';
import type { JsonRpcDoorOptions } from './json-rpc-door.ts';
import { httpJsonCodec, httpJsonVersion } from './versions.ts';
import type { OperationName, ProtocolVersion } from './wire.ts';

export type HttpJsonDoorOptions = JsonRpcDoorOptions;

type AgentRequest = Request<{ agentId: string }>;

/**
 * `/a2a/{agentId}/…` and `/a2a/{agentId}/v1/…`: HTTP+JSON of both protocol versions (spec §11, v0.3 spec §3.2.3). It
 * leaves the agent's own address and `.well-known` to others. Returns at once, as `jsonRpcDoor` does.
 */
export function httpJsonDoor(options: HttpJsonDoorOptions): RequestHandler<{ agentId: string }> {
  return (request, response, next) => {
    const path = withoutSlashesAround(request.path);
    if (path === '' || path.startsWith('.well-known/')) return next();
    response.setHeader('X-Content-Type-Options', 'nosniff');
    void answer(options, { request, response, path });
  };
}

/** By hand: an expression would try anew at every slash of an address that is made of them. */
function withoutSlashesAround(path: string): string {
  let start = 0;
  let end = path.length;
  while (path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
}

interface Exchange {
  request: AgentRequest;
  response: Response;
  /** Below the agent's address. */
  path: string;
}

/** Answers the request, or begins the stream that answers it. Never rejects. */
async function answer(options: HttpJsonDoorOptions, { request, response, path }: Exchange): Promise<void> {
  const [, prefix, address = ''] = /^(v1\/)?(.*)$/s.exec(path) ?? [];
  let version: ProtocolVersion = prefix ? '0.3' : '1.0';
  try {
    const named = requestedVersion(request);
    version = httpJsonVersion(named) ?? version;
    const principal = await options.authenticate(request.headers, request.ip ?? '');
    const agent = options.invoker.find(principal, request.params.agentId, 'invoke');
    const codec = httpJsonCodec(named ?? version);
    const route = matchRoute(request.method, address);
    const params = await readParams(request, route, { maxBytes: options.maxBodyBytes });
    const call = openHttpCall(request, response, { principal, agent, codec });
    const { json, stream } = await runOperation(options.operations, route.operation, params, call);
    announceExtensions(response, call);
    if (stream) void writeFrames(response, stream, { ...options, opening: '', closing: '' });
    else writeResult[version](response, route.operation, json);
  } catch (error) {
    const problem = openRefusal(response, error, options.log);
    if (!problem) return;
    const body = version === '0.3' ? toJsonRpcError(problem) : toRestError(problem);
    response.status(errorRow(problem.reason).restStatus).type(contentTypes[version]).json(body);
  }
}

const contentTypes: Readonly<Record<ProtocolVersion, string>> = {
  '0.3': 'application/json',
  '1.0': 'application/a2a+json',
};

type WriteResult = (response: Response, operation: OperationName, json: Json) => void;

const writeResult: Readonly<Record<ProtocolVersion, WriteResult>> = {
  /** As the reference servers of v0.3 answer: 201 for what is made, 204 for what is gone. */
  '0.3': (response, operation, json) => {
    if (operation === 'deletePushConfig') return void response.status(204).end();
    const created = operation === 'sendMessage' || operation === 'createPushConfig';
    response.status(created ? 201 : 200).json(json);
  },
  /** google.protobuf.Empty is `{}`: a client that reads the JSON of every answer can, one that does not need not. */
  '1.0': (response, _operation, json) => {
    response.type(contentTypes['1.0']).json(json ?? {});
  },
};
