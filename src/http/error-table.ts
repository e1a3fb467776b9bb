import { Problem } from './problem.ts';
import type { Reason } from './problem.ts';

export interface RestStatus {
  /** HTTP status. */
  readonly status: number;
  /** `error.code` of the body. */
  readonly code: string;
}

const invalidRequest: RestStatus = { status: 400, code: 'invalid_request' };
const notFound: RestStatus = { status: 404, code: 'not_found' };

/** What each reason is on the REST doors. */
export const restStatus: Readonly<Record<Reason, RestStatus>> = {
  unauthorized: { status: 401, code: 'unauthorized' },
  permission_denied: { status: 403, code: 'permission_denied' },
  not_found: notFound,
  agent_not_found: notFound,
  task_not_found: notFound,
  method_not_found: notFound,
  task_not_cancelable: { status: 409, code: 'conflict' },
  push_not_supported: invalidRequest,
  unsupported_operation: invalidRequest,
  content_type_not_supported: { status: 415, code: 'invalid_request' },
  extended_card_not_configured: invalidRequest,
  extension_required: invalidRequest,
  version_not_supported: invalidRequest,
  malformed_json: invalidRequest,
  invalid_message: invalidRequest,
  invalid_request: invalidRequest,
  llm_not_configured: { status: 400, code: 'llm_not_configured' },
  agent_inactive: { status: 409, code: 'agent_inactive' },
  approval_required: { status: 409, code: 'approval_required' },
  payload_too_large: { status: 413, code: 'payload_too_large' },
  rate_limited: { status: 429, code: 'rate_limited' },
  timeout: { status: 504, code: 'timeout' },
  provider_error: { status: 502, code: 'provider_error' },
  store_unavailable: { status: 503, code: 'store_unavailable' },
  internal_error: { status: 500, code: 'internal_error' },
};

/** Whatever was thrown as a reason with words that may be shown. The original is the `cause`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // By name: runs throw this room's Problem, so importing their error class would close a circle.
  if (error instanceof Error && error.name === 'StoreUnavailableError') {
    return new Problem('store_unavailable', 'The store does not answer at the moment: try again shortly.', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  // Express throws it for a path that cannot be decoded.
  if (error instanceof URIError) {
    return new Problem('invalid_request', 'The address is not validly percent-encoded.');
  }
  return new Problem(
    'internal_error',
    'Something went wrong inside the gateway. Its log has the cause under this request id.',
    { cause: error },
  );
}
