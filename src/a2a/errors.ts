import type { Json, JsonObject } from '../runs/message.ts';
import type { Problem, Reason } from '../http/problem.ts';

/** What a reason is on the JSON-RPC border (spec §5.4, §9.5). */
export interface ErrorRow {
  /** JSON-RPC error code. */
  code: number;
  /** `reason` of google.rpc.ErrorInfo. */
  reason: string;
  /** The error travels as a JSON-RPC body all the same. */
  httpStatus: number;
}

const rows: Readonly<Record<Reason, ErrorRow>> = {
  malformed_json: row(-32700, 'PARSE_ERROR'),
  invalid_message: row(-32600, 'INVALID_REQUEST'),
  method_not_found: row(-32601, 'METHOD_NOT_FOUND'),
  invalid_request: row(-32602, 'INVALID_PARAMS'),
  llm_not_configured: row(-32602, 'LLM_NOT_CONFIGURED'),
  internal_error: row(-32603, 'INTERNAL_ERROR'),
  store_unavailable: row(-32603, 'STORE_UNAVAILABLE', 503),
  task_not_found: row(-32001, 'TASK_NOT_FOUND'),
  task_not_cancelable: row(-32002, 'TASK_NOT_CANCELABLE'),
  push_not_supported: row(-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED'),
  unsupported_operation: row(-32004, 'UNSUPPORTED_OPERATION'),
  content_type_not_supported: row(-32005, 'CONTENT_TYPE_NOT_SUPPORTED'),
  extended_card_not_configured: row(-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED'),
  extension_required: row(-32008, 'EXTENSION_SUPPORT_REQUIRED'),
  version_not_supported: row(-32009, 'VERSION_NOT_SUPPORTED'),
  unauthorized: row(-32000, 'UNAUTHENTICATED', 401),
  permission_denied: row(-32000, 'PERMISSION_DENIED', 403),
  not_found: row(-32000, 'NOT_FOUND'),
  agent_not_found: row(-32000, 'AGENT_NOT_FOUND', 404),
  agent_inactive: row(-32000, 'AGENT_INACTIVE'),
  payload_too_large: row(-32000, 'PAYLOAD_TOO_LARGE', 413),
  rate_limited: row(-32000, 'RATE_LIMITED', 429),
  timeout: row(-32000, 'TIMEOUT'),
  provider_error: row(-32000, 'PROVIDER_ERROR'),
};

function row(code: number, reason: string, httpStatus = 200): ErrorRow {
  return { code, reason, httpStatus };
}

/** The row of a reason: its JSON-RPC code, ErrorInfo reason and HTTP status. */
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
  const { code, reason } = rows[problem.reason];
  const { fields, ...details } = problem.details ?? {};
  const metadata = metadataOf({ ...details, retryAfterSeconds: problem.retryAfterSeconds });
  const info: JsonObject = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'a2a-protocol.org',
  };
  if (Object.keys(metadata).length > 0) info['metadata'] = metadata;
  const violations = violationsOf(fields);
  const badRequest = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations };
  return { code, message: problem.message, data: violations.length > 0 ? [info, badRequest] : [info] };
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
