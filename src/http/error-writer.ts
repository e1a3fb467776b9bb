import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Log } from '../telemetry/log.ts';
import { restStatus, toProblem } from './error-table.ts';
import { Problem } from './problem.ts';
import { requestIdOf } from './request-context.ts';

/** The `WWW-Authenticate` of every 401, whatever the door. */
export const AUTHENTICATION_CHALLENGE = 'SSWS realm="a2a-gateway", Bearer realm="a2a-gateway"';

/** One sentence for every cause: a caller must not learn whether a key is unknown, expired or malformed. */
const UNAUTHORIZED_MESSAGE =
  'Valid credentials are required: send "Authorization: SSWS <key>" or "Authorization: Bearer <key or token>".';

/** Answers with `{"error":{"code","message","details"}}`. Once headers are out, all it can do is cut the answer off. */
export function writeRestError(response: ServerResponse, error: unknown, log: Log, requestId: string): void {
  const problem = toProblem(error);
  logProblem(problem, log, requestId);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, code } = restStatus[problem.reason];
  const unauthorized = problem.reason === 'unauthorized';
  const message = unauthorized ? UNAUTHORIZED_MESSAGE : problem.message;
  const details = unauthorized ? {} : (problem.details ?? {});
  setProblemHeaders(response, problem);
  const body = Buffer.from(JSON.stringify({ error: { code, message, details } }));
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** `Retry-After` and `WWW-Authenticate`, where the reason asks for them. For every door. */
export function setProblemHeaders(response: ServerResponse, problem: Problem): void {
  if (problem.reason === 'unauthorized') response.setHeader('WWW-Authenticate', AUTHENTICATION_CHALLENGE);
  const retryable = problem.reason === 'store_unavailable' || problem.reason === 'rate_limited';
  const seconds = problem.retryAfterSeconds ?? (retryable ? 1 : undefined);
  if (seconds !== undefined) response.setHeader('Retry-After', String(Math.max(1, Math.ceil(seconds))));
}

/** Writes what is the gateway's own fault into the log, with its cause; what is the caller's is no news. */
export function logProblem(problem: Problem, log: Log, requestId: string): void {
  const fields = { requestId, reason: problem.reason, error: problem.cause ?? problem };
  if (problem.reason === 'internal_error') log.error('request failed', fields);
  else if (problem.reason === 'store_unavailable') log.warn('store unavailable', fields);
  else log.debug('request refused', fields);
}

/** The last handler of the REST doors: whatever was thrown becomes an answer. */
export function restErrorHandler(log: Log): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    writeRestError(response, error, log, requestIdOf(request));
  };
}

/** For every address that no route answers. */
export function notFoundHandler(): RequestHandler {
  return (_request, _response, next) => {
    next(new Problem('not_found', 'There is nothing at this address, or not with this method.'));
  };
}
