import type { Json } from '../runs/message.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from './call.ts';
import type { Operations } from './operations.ts';
import type { RunStream } from './run-stream.ts';
import type { OperationName } from './wire.ts';

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

/** The result of an operation: JSON for the envelope, or a stream of frames. */
export type JsonRpcResult = { json: Json; stream?: undefined } | { json?: undefined; stream: RunStream };

type Run = (operations: Operations, params: unknown, call: Call) => Promise<JsonRpcResult>;

/** One row per operation: decode, do, encode. */
const table: Readonly<Record<OperationName, Run>> = {
  sendMessage: async (operations, params, call) => {
    const task = await operations.sendMessage(call.codec.decodeSend(params), call);
    return { json: call.codec.encodeSendResult(task) };
  },
  sendStreamingMessage: async (operations, params, call) => ({
    stream: await operations.sendStreamingMessage(call.codec.decodeSend(params), call),
  }),
  getTask: async (operations, params, call) => ({
    json: call.codec.encodeTask(await operations.getTask(call.codec.decodeGet(params), call)),
  }),
  listTasks: async (operations, params, call) => ({
    json: call.codec.encodeList(await operations.listTasks(call.codec.decodeList(params), call)),
  }),
  cancelTask: async (operations, params, call) => ({
    json: call.codec.encodeTask(await operations.cancelTask(call.codec.decodeTaskId(params), call)),
  }),
  subscribeToTask: async (operations, params, call) => ({
    stream: await operations.subscribeToTask(call.codec.decodeTaskId(params), call),
  }),
  createPushConfig: refusePush,
  getPushConfig: refusePush,
  listPushConfigs: refusePush,
  deletePushConfig: refusePush,
  getExtendedCard: async () => {
    throw new Problem(
      'extended_card_not_configured',
      'This agent has no extended card: its card says all there is.',
    );
  },
};

/** Runs the operation that the method names in the call's protocol version. */
export async function runMethod(
  operations: Operations,
  request: JsonRpcRequest,
  call: Call,
): Promise<JsonRpcResult> {
  const operation = call.codec.methods.get(request.method);
  if (!operation) {
    throw new Problem(
      'method_not_found',
      `A2A ${call.codec.version} has no method ${JSON.stringify(request.method.slice(0, 64))}.`,
    );
  }
  return await table[operation](operations, request.params, call);
}

async function refusePush(): Promise<never> {
  throw new Problem(
    'push_not_supported',
    'Push notifications are not supported: subscribe to the task instead.',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
