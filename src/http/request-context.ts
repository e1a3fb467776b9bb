import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Log } from '../telemetry/log.ts';

const REQUEST_ID = Symbol('requestId');
const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,64}$/;

const STARTED_AT = Symbol('startedAt');

interface Identified {
  [REQUEST_ID]?: string;
  [STARTED_AT]?: number;
}

/**
 * Gives every request an id (the caller's `X-Request-Id` where it is harmless, else a random one), says it
 * in the answer, and writes one debug line when the answer is over.
 */
export function requestContext(log: Log): RequestHandler {
  // One listener for all answers: an open stream holds no closure of its own for a line at its end.
  function whenOver(this: ServerResponse): void {
    const request = this.req as IncomingMessage & Identified & { originalUrl?: string };
    log.debug('request', {
      requestId: requestIdOf(request),
      method: request.method,
      path: pathOf(request.originalUrl ?? ''),
      status: this.statusCode,
      ms: Math.round((performance.now() - (request[STARTED_AT] ?? 0)) * 10) / 10,
      ...(!this.writableFinished && { cutOff: true }),
    });
  }
  return (request, response, next) => {
    (request as Identified)[STARTED_AT] = performance.now();
    const requestId = identify(request.headers['x-request-id']);
    (request as Identified)[REQUEST_ID] = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.on('close', whenOver);
    next();
  };
}

/** The id of a request: the caller's where it is harmless, else a random one. */
export function identify(given: unknown): string {
  return typeof given === 'string' && ACCEPTED_ID.test(given) ? given : randomUUID();
}

/** The id that `requestContext` gave the request; `-` where it did not run. */
export function requestIdOf(request: IncomingMessage): string {
  return (request as Identified)[REQUEST_ID] ?? '-';
}

/** Without the query, which may carry a user's text. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
