import type { RequestHandler, Response } from 'express';

const PING_TIMEOUT_MS = 1000;

export interface ReadyChecks {
  /** Whether the process is on its way out. */
  draining(): boolean;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
}

/** `GET /health/live`: the process runs. */
export function liveHandler(): RequestHandler {
  return (_request, response) => send(response, 200, { status: 'ok' });
}

/** `GET /health/ready`: 200, or 503 with `not_ready` naming what is not (`draining`, `store`). */
export function readyHandler(checks: ReadyChecks): RequestHandler {
  return async (_request, response) => {
    const notReady: string[] = [];
    if (checks.draining()) notReady.push('draining');
    if (!(await answers(checks))) notReady.push('store');
    if (notReady.length === 0) send(response, 200, { status: 'ok' });
    else send(response, 503, { status: 'unavailable', not_ready: notReady });
  };
}

/** Whether the ping succeeds within a second. Why it does not is for the log of the store, not for strangers. */
async function answers(checks: ReadyChecks): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), PING_TIMEOUT_MS);
  try {
    return await Promise.race([checks.ping().then(() => true), timeout.promise]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function send(response: Response, status: number, body: Readonly<Record<string, unknown>>): void {
  response.status(status).set('Cache-Control', 'no-store').json(body);
}
