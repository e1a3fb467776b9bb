import { expect } from '@jest/globals';
import { adminKey } from './gateway.ts';
import { testVersions } from './protocol-versions.ts';
import { rpc, v03ProtoText, v1Text, type RpcAnswer } from './rpc.ts';

/** A way in for requests that change something: where it is and what it takes. */
export interface Door {
  name: string;
  path: (agentId: string) => string;
  headers: Record<string, string>;
  /** A good body. */
  good: object;
  /** The form of its errors. */
  shape: 'json-rpc' | 'http-json v1.0' | 'http-json v0.3' | 'rest';
}

export const rpcDoors: readonly Door[] = testVersions.map((version) => ({
  name: `A2A ${version.version}`,
  path: (agentId) => `/a2a/${agentId}`,
  headers: { 'A2A-Version': version.version },
  good: rpc(version.send, version.params([version.text('Hi')])),
  shape: 'json-rpc',
}));

export const httpJsonDoors: readonly Door[] = [
  {
    name: 'HTTP+JSON 1.0',
    path: (agentId) => `/a2a/${agentId}/message:send`,
    headers: {},
    good: v1Text('Hi'),
    shape: 'http-json v1.0',
  },
  {
    name: 'HTTP+JSON 0.3',
    path: (agentId) => `/a2a/${agentId}/v1/message:send`,
    headers: {},
    good: v03ProtoText('Hi'),
    shape: 'http-json v0.3',
  },
];

export const answerDoor: Door = {
  name: 'legacy answer',
  path: (agentId) => `/api/v1/agents/${agentId}/answer?userText=Hi`,
  headers: {},
  good: { conversationHistory: [], contextValues: {} },
  shape: 'rest',
};

export const doors: readonly Door[] = [...rpcDoors, ...httpJsonDoors, answerDoor];

export type Body = string | Uint8Array | ReadableStream<Uint8Array> | undefined;

export interface Attack {
  agent?: string;
  headers?: Record<string, string>;
  /** Added to the address. */
  query?: string;
  method?: string;
}

/** The shapes of all doors: JSON-RPC's, and REST's `{error: {code, …}}`. */
export type DoorAnswer = RpcAnswer & { error?: { code: unknown } };

/** Sends it and checks what holds for every answer, whatever it says. */
export async function attack(
  gatewayUrl: string,
  { door, body }: { door: Door; body: Body },
  { agent = 'talker', headers, query = '', method = 'POST' }: Attack = {},
): Promise<{ status: number; body: DoorAnswer }> {
  const path = door.path(agent);
  const startedAt = performance.now();
  const response = await fetch(gatewayUrl + path + (query && (path.includes('?') ? '&' : '?') + query), {
    method,
    headers: {
      Authorization: `SSWS ${adminKey}`,
      'Content-Type': 'application/json',
      ...door.headers,
      ...headers,
    },
    ...(body !== undefined && { body, duplex: 'half' }),
  });
  const words = await response.text();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{1,64}$/);
  expect(response.headers.get('content-type')).toMatch(/^application\/(a2a\+)?json/);
  expect(words).not.toMatch(/stack|\n\s*at |node:|node_modules|\/src\/|\.ts:\d/);
  expect(words.length).toBeLessThan(2_000);
  return { status: response.status, body: JSON.parse(words) as DoorAnswer };
}

/** What every door says to the same thing, each in its own shape. */
export interface Refusal {
  /** HTTP status of the JSON-RPC doors where it is not 200. */
  rpcStatus?: number;
  /** JSON-RPC error code. */
  code: number;
  status: number;
  /** HTTP status of HTTP+JSON where it is another (spec §5.4). */
  httpJsonStatus?: number;
  /** `error.code` of the REST shape. */
  rest: string;
}

/** Sends it and expects this refusal in the door's own shape. */
export async function expectRefusal(
  gatewayUrl: string,
  sent: { door: Door; body: Body },
  refusal: Refusal,
  options?: Attack,
): Promise<void> {
  const answer = await attack(gatewayUrl, sent, options);
  expect(answer).toMatchObject(expectedAnswer(sent.door, refusal));
}

const info = expect.objectContaining({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  domain: 'a2a-protocol.org',
});

function expectedAnswer({ shape }: Door, refusal: Refusal): { status: number; body: object } {
  const message = expect.any(String);
  if (shape === 'rest') {
    const { status, rest: code } = refusal;
    return { status, body: { error: { code, message, details: expect.any(Object) } } };
  }
  const data = expect.arrayContaining([info]);
  if (shape === 'json-rpc') {
    const error = { code: refusal.code, message, data };
    return { status: refusal.rpcStatus ?? 200, body: { jsonrpc: '2.0', error } };
  }
  const status = refusal.httpJsonStatus ?? refusal.status;
  if (shape === 'http-json v0.3') return { status, body: { code: expect.any(Number), message, data } };
  return { status, body: { error: { code: status, status: expect.any(String), message, details: data } } };
}

export const refusals = {
  malformed: { code: -32700, status: 400, rest: 'invalid_request' },
  noRequest: { code: -32600, status: 400, rest: 'invalid_request' },
  tooLarge: { rpcStatus: 413, code: -32000, status: 413, rest: 'payload_too_large' },
  noAgent: { rpcStatus: 404, code: -32000, status: 404, rest: 'not_found' },
  invalid: { code: -32602, status: 400, rest: 'invalid_request' },
  wrongType: { code: -32005, status: 415, httpJsonStatus: 400, rest: 'invalid_request' },
} satisfies Record<string, Refusal>;
