import { modelError } from './failure.ts';
import { ModelError, type ModelErrorKind } from './model.ts';

/** What the `openai` client throws, read by shape: its classes are loaded with the first call only. */
interface ClientFailure {
  status?: unknown;
  code?: unknown;
  headers?: unknown;
  cause?: unknown;
  error?: unknown;
}

/** Codes of a provider that tell the caller what to change; anything else of its answer stays out of the message. */
const tellingCodes: ReadonlySet<unknown> = new Set([
  'context_length_exceeded',
  'model_not_found',
  'insufficient_quota',
]);

/**
 * Gives a failure of the client its kind.
 * @param started whether a part of the answer had been read before.
 */
export function toModelError(error: unknown, llmId: string, started: boolean): ModelError {
  if (error instanceof ModelError) return error;
  if (error instanceof SyntaxError) return modelError('malformed', llmId);
  const failure: ClientFailure = typeof error === 'object' && error !== null ? error : {};
  const status = statusOf(failure);
  if (status === undefined) {
    // An `error` object inside a stream is the provider speaking; everything else is the network.
    const kind = started && !failure.error ? 'truncated' : 'unavailable';
    const code = networkCode(failure);
    return modelError(kind, llmId, code === undefined ? {} : { note: code });
  }
  const retryAfterMs = retryAfter(failure.headers);
  const telling = tellingCodes.has(failure.code) ? `, ${String(failure.code)}` : '';
  return modelError(kindOfStatus(status), llmId, {
    note: `HTTP ${status}${telling}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function kindOfStatus(status: number): ModelErrorKind {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 408) return 'timeout';
  return status >= 500 ? 'unavailable' : 'rejected';
}

/** The HTTP status; routers that fail inside a stream put it into the `code` of their error object. */
function statusOf({ status, code }: ClientFailure): number | undefined {
  if (typeof status === 'number') return status;
  return typeof code === 'number' && code >= 400 && code <= 599 ? code : undefined;
}

function networkCode({ cause }: ClientFailure): string | undefined {
  for (let error = cause, depth = 0; depth < 4; depth += 1) {
    if (typeof error !== 'object' || error === null) return undefined;
    const { code, cause: deeper }: ClientFailure = error;
    if (typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code)) return code;
    error = deeper;
  }
  return undefined;
}

/** Milliseconds of `retry-after-ms` or `Retry-After` (seconds or a date, RFC 9110 §10.2.3). */
function retryAfter(headers: unknown): number | undefined {
  if (!(headers instanceof Headers)) return undefined;
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const text = headers.get('retry-after') ?? '';
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0) return seconds * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
