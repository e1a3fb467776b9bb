import type { Json, JsonObject } from '../runs/message.ts';
import type { Problem, Reason } from '../http/problem.ts';

/** Names of google.rpc.Code. */
export type RpcStatus =
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

/** What a reason is on the borders of A2A: JSON-RPC, HTTP+JSON and gRPC (spec §5.4, §9.5, §10.6, §11.6). */
export interface ErrorRow {
  /** JSON-RPC error code. */
  code: number;
  /** `reason` of google.rpc.ErrorInfo. */
  reason: string;
  /** The status of gRPC, and `status` of an HTTP+JSON error. */
  rpcStatus: RpcStatus;
  /** HTTP status of HTTP+JSON. */
  restStatus: number;
  /** HTTP status of JSON-RPC; the error travels as a JSON-RPC body all the same. */
  httpStatus: number;
}

const rows: Readonly<Record<Reason, ErrorRow>> = {
  malformed_json: row(-32700, 'PARSE_ERROR', 'INVALID_ARGUMENT', 400),
  invalid_message: row(-32600, 'INVALID_REQUEST', 'INVALID_ARGUMENT', 400),
  method_not_found: row(-32601, 'METHOD_NOT_FOUND', 'UNIMPLEMENTED', 404),
  invalid_request: row(-32602, 'INVALID_PARAMS', 'INVALID_ARGUMENT', 400),
  llm_not_configured: row(-32602, 'LLM_NOT_CONFIGURED', 'INVALID_ARGUMENT', 400),
  internal_error: row(-32603, 'INTERNAL_ERROR', 'INTERNAL', 500),
  store_unavailable: edgeRow(-32603, 'STORE_UNAVAILABLE', 'UNAVAILABLE', 503),
  task_not_found: row(-32001, 'TASK_NOT_FOUND', 'NOT_FOUND', 404),
  task_not_cancelable: row(-32002, 'TASK_NOT_CANCELABLE', 'FAILED_PRECONDITION', 400),
  push_not_supported: row(-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED', 'FAILED_PRECONDITION', 400),
  unsupported_operation: row(-32004, 'UNSUPPORTED_OPERATION', 'FAILED_PRECONDITION', 400),
  content_type_not_supported: row(-32005, 'CONTENT_TYPE_NOT_SUPPORTED', 'INVALID_ARGUMENT', 400),
  extended_card_not_configured: row(-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED', 'FAILED_PRECONDITION', 400),
  extension_required: row(-32008, 'EXTENSION_SUPPORT_REQUIRED', 'FAILED_PRECONDITION', 400),
  version_not_supported: row(-32009, 'VERSION_NOT_SUPPORTED', 'FAILED_PRECONDITION', 400),
  unauthorized: edgeRow(-32000, 'UNAUTHENTICATED', 'UNAUTHENTICATED', 401),
  permission_denied: edgeRow(-32000, 'PERMISSION_DENIED', 'PERMISSION_DENIED', 403),
  not_found: row(-32000, 'NOT_FOUND', 'NOT_FOUND', 404),
  agent_not_found: edgeRow(-32000, 'AGENT_NOT_FOUND', 'NOT_FOUND', 404),
  approval_required: row(-32000, 'APPROVAL_REQUIRED', 'FAILED_PRECONDITION', 400),
  agent_inactive: row(-32000, 'AGENT_INACTIVE', 'FAILED_PRECONDITION', 400),
  payload_too_large: edgeRow(-32000, 'PAYLOAD_TOO_LARGE', 'RESOURCE_EXHAUSTED', 413),
  rate_limited: edgeRow(-32000, 'RATE_LIMITED', 'RESOURCE_EXHAUSTED', 429),
  timeout: row(-32000, 'TIMEOUT', 'DEADLINE_EXCEEDED', 504),
  provider_error: row(-32000, 'PROVIDER_ERROR', 'UNAVAILABLE', 502),
};

function row(code: number, reason: string, rpcStatus: RpcStatus, restStatus: number): ErrorRow {
  return { code, reason, rpcStatus, restStatus, httpStatus: 200 };
}

/** What infrastructure on the way must see too: JSON-RPC answers have the HTTP status as well. */
function edgeRow(code: number, reason: string, rpcStatus: RpcStatus, restStatus: number): ErrorRow {
  return { ...row(code, reason, rpcStatus, restStatus), httpStatus: restStatus };
}

/** The row of a reason: what each transport calls it. */
export function errorRow(reason: Reason): ErrorRow {
  return rows[reason];
}

export interface JsonRpcError {
  code: number;
  message: string;
  data: Json[];
}

/** The JSON-RPC error of a problem. Both versions have the same: v0.3 leaves `data` open. */
export function toJsonRpcError(problem: Problem): JsonRpcError {
  return { code: rows[problem.reason].code, message: problem.message, data: errorDetails(problem) };
}

/** An error of HTTP+JSON v1.0: google.rpc.Status as AIP-193 writes it (spec §11.6). */
export interface RestError {
  error: { code: number; status: RpcStatus; message: string; details: Json[] };
}

/** The HTTP+JSON error of a problem in v1.0; v0.3 has JSON-RPC's, bare. */
export function toRestError(problem: Problem): RestError {
  const { restStatus: code, rpcStatus: status } = rows[problem.reason];
  return { error: { code, status, message: problem.message, details: errorDetails(problem) } };
}

/** What every transport tells of a problem beside its code, as ProtoJSON `Any`s: ErrorInfo, and BadRequest for fields at fault. */
export function errorDetails(problem: Problem): JsonObject[] {
  const { fields, ...details } = problem.details ?? {};
  const metadata = metadataOf({ ...details, retryAfterSeconds: problem.retryAfterSeconds });
  const info: JsonObject = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: rows[problem.reason].reason,
    domain: 'a2a-protocol.org',
  };
  if (Object.keys(metadata).length > 0) info['metadata'] = metadata;
  const violations = violationsOf(fields);
  const badRequest = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations };
  return violations.length > 0 ? [info, badRequest] : [info];
}

/** ErrorInfo's metadata is a map of strings: lists are joined, what has no short text is left out. */
function metadataOf(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(details).flatMap(([name, value]): [string, string][] => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.length > 0 && values.every(isScalar) ? [[name, values.join(', ')]] : [];
  });
  return Object.fromEntries(texts);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function violationsOf(fields: unknown): { field: string; description: string }[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).map(([field, description]) => ({ field, description: String(description) }));
}
