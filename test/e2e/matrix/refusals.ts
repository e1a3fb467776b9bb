import type { TransportName } from './neutral.ts';

/** A refusal as it arrived: `reason` of google.rpc.ErrorInfo, and the transport's own code. */
export interface Refusal {
  reason: string;
  /** JSON-RPC error code, HTTP status, or gRPC status. */
  code: number;
  message: string;
}

interface Row {
  reason: string;
  codes: Readonly<Record<TransportName, number>>;
}

/** Spec §5.4: what is wrong, and what each transport calls it. Written down here once more, not taken from `src`. */
export const refusals = {
  taskNotFound: row('TASK_NOT_FOUND', -32001, 404, 5),
  taskNotCancelable: row('TASK_NOT_CANCELABLE', -32002, 400, 9),
  pushNotSupported: row('PUSH_NOTIFICATION_NOT_SUPPORTED', -32003, 400, 9),
  unsupportedOperation: row('UNSUPPORTED_OPERATION', -32004, 400, 9),
  contentTypeNotSupported: row('CONTENT_TYPE_NOT_SUPPORTED', -32005, 400, 3),
  extendedCardNotConfigured: row('EXTENDED_AGENT_CARD_NOT_CONFIGURED', -32007, 400, 9),
  extensionRequired: row('EXTENSION_SUPPORT_REQUIRED', -32008, 400, 9),
  versionNotSupported: row('VERSION_NOT_SUPPORTED', -32009, 400, 9),
  invalidParams: row('INVALID_PARAMS', -32602, 400, 3),
  agentNotFound: row('AGENT_NOT_FOUND', -32000, 404, 5),
  unauthenticated: row('UNAUTHENTICATED', -32000, 401, 16),
  permissionDenied: row('PERMISSION_DENIED', -32000, 403, 7),
} as const;

export type RefusalName = keyof typeof refusals;

function row(reason: string, jsonRpc: number, http: number, grpc: number): Row {
  return { reason, codes: { JSONRPC: jsonRpc, 'HTTP+JSON': http, GRPC: grpc } };
}

/** What a refusal must look like on a transport. */
export function expected(name: RefusalName, transport: TransportName): Omit<Refusal, 'message'> {
  const { reason, codes } = refusals[name];
  return { reason, code: codes[transport] };
}

interface WireError {
  code: number;
  message: string;
  data?: { reason?: string }[];
  details?: { reason?: string }[];
}

/**
 * The refusal in an answer over HTTP, if it is one: JSON-RPC's error object, AIP-193's, or the bare one of v0.3's
 * HTTP+JSON. The v0.3 client reads a refused stream as one event.
 */
export async function httpRefusal(
  response: Response,
  transport: TransportName,
): Promise<Refusal | undefined> {
  const text = await response.text();
  const json = /^data: ?(.*)$/m.exec(text)?.[1] ?? text;
  if (!json.startsWith('{')) return undefined;
  const body = JSON.parse(json) as { error?: WireError } & Partial<WireError>;
  const error = body.error ?? (typeof body.code === 'number' ? body : undefined);
  if (!error) return undefined;
  const [info] = error.details ?? error.data ?? [];
  const code = transport === 'JSONRPC' ? (error.code ?? 0) : response.status;
  return { reason: info?.reason ?? '', code, message: error.message ?? '' };
}
