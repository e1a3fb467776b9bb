import { randomUUID } from 'node:crypto';
import { adminKey } from './gateway.ts';

export interface RpcOptions {
  /** `Authorization`; null sends none. */
  authorization?: string | null;
  headers?: Readonly<Record<string, string>>;
  query?: string;
  signal?: AbortSignal;
}

/** Posts a JSON-RPC request to an agent and returns the answer as it is. */
export async function post(
  url: string,
  agentId: string,
  body: unknown,
  options: RpcOptions = {},
): Promise<Response> {
  const { authorization = `SSWS ${adminKey}` } = options;
  return await fetch(`${url}/a2a/${agentId}${options.query ?? ''}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(authorization !== null && { Authorization: authorization }),
      ...options.headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(options.signal && { signal: options.signal }),
  });
}

/** A JSON-RPC request. */
export function rpc(
  method: string,
  params: unknown,
): { jsonrpc: '2.0'; id: number; method: string; params: unknown } {
  return { jsonrpc: '2.0', id: 1, method, params };
}

/** Params of a v1.0 send with one text part. */
export function v1Text(text: string, message: object = {}): { message: object } {
  return { message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...message } };
}

/** Params of a v0.3 send with one text part. */
export function v03Text(text: string, message: object = {}): { message: object } {
  return {
    message: {
      kind: 'message',
      messageId: randomUUID(),
      role: 'user',
      parts: [{ kind: 'text', text }],
      ...message,
    },
  };
}

/** Body of a send in v0.3's proto-JSON with one text part. */
export function v03ProtoText(text: string, message: object = {}): { message: object } {
  return { message: { messageId: randomUUID(), role: 'ROLE_USER', content: [{ text }], ...message } };
}

export interface RpcAnswer<T = Record<string, unknown>> {
  jsonrpc: string;
  id: number | string | null;
  result?: T;
  error?: { code: number; message: string; data?: Record<string, unknown>[] };
}

/** Posts and reads the JSON answer. */
export async function call<T = Record<string, unknown>>(
  url: string,
  agentId: string,
  body: unknown,
  options: RpcOptions = {},
): Promise<RpcAnswer<T>> {
  const response = await post(url, agentId, body, options);
  return (await response.json()) as RpcAnswer<T>;
}
