/** Why a request cannot be answered. Thrown anywhere; each border has one table that gives it a code. */
export type Reason =
  | 'unauthorized'
  | 'permission_denied'
  | 'not_found'
  | 'agent_not_found'
  | 'task_not_found'
  | 'task_not_cancelable'
  | 'push_not_supported'
  | 'unsupported_operation'
  | 'content_type_not_supported'
  | 'extended_card_not_configured'
  | 'extension_required'
  | 'version_not_supported'
  | 'malformed_json'
  | 'invalid_message'
  | 'method_not_found'
  | 'invalid_request'
  | 'llm_not_configured'
  | 'agent_inactive'
  | 'approval_required'
  | 'payload_too_large'
  | 'rate_limited'
  | 'timeout'
  | 'provider_error'
  | 'store_unavailable'
  | 'internal_error';

export interface ProblemOptions {
  /** Machine-readable, e.g. `{fields: {name: 'must be string'}}`. Never holds a secret. */
  details?: Readonly<Record<string, unknown>>;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A reason with a sentence for the caller that says what to do next. */
export class Problem extends Error {
  readonly reason: Reason;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;

  constructor(reason: Reason, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.reason = reason;
    if (options.details) this.details = options.details;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
