import { Problem } from '../http/problem.ts';
import type { Call } from './call.ts';
import { runOperation, type OperationResult } from './dispatch.ts';
import type { Operations } from './operations.ts';

/** A JSON-RPC 2.0 request (spec §9.1), its envelope checked. */
export interface JsonRpcRequest {
  id: string | number | null;
  method: string;
  params: unknown;
}

/** The id of whatever came in, for an answer to it; null where it has none that counts. */
export function requestId(body: unknown): string | number | null {
  const id = isObject(body) ? body.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** The method of whatever came in; undefined where it names none. */
export function requestMethod(body: unknown): string | undefined {
  return isObject(body) && typeof body.method === 'string' ? body.method : undefined;
}

/** @throws Problem invalid_message for what is no single JSON-RPC 2.0 request. */
export function readRequest(body: unknown): JsonRpcRequest {
  if (Array.isArray(body))
    throw new Problem('invalid_message', 'Batches are not supported: send one request at a time.');
  if (!isObject(body) || body.jsonrpc !== '2.0' || typeof body.method !== 'string') {
    throw new Problem(
      'invalid_message',
      'A JSON-RPC 2.0 request has "jsonrpc": "2.0", a "method" and an "id".',
    );
  }
  if (body.id !== undefined && requestId(body) === null && body.id !== null) {
    throw new Problem('invalid_message', 'The id of a JSON-RPC request is a string, a number or null.');
  }
  return { id: requestId(body), method: body.method, params: body.params };
}

/** Runs the operation that the method names in the call's protocol version. */
export async function runMethod(
  operations: Operations,
  request: JsonRpcRequest,
  call: Call,
): Promise<OperationResult> {
  const operation = call.codec.methods.get(request.method);
  if (!operation) {
    throw new Problem(
      'method_not_found',
      `A2A ${call.codec.version} has no method ${JSON.stringify(request.method.slice(0, 64))}.`,
    );
  }
  return await runOperation(operations, operation, request.params, call);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
