import type { Request } from 'express';
import { Problem } from './problem.ts';

/**
 * A query parameter; undefined when it is absent.
 * @throws Problem invalid_request naming it when it is given more than once, so that none is silently
 * ignored, or holds NUL, which no store keeps.
 */
export function queryText(request: Pick<Request, 'query'>, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(name, 'must be given once');
  if (value.includes('\0')) throw invalid(name, 'must not hold NUL');
  return value;
}

function invalid(name: string, reason: string): Problem {
  return new Problem('invalid_request', `The query parameter ${name} ${reason}.`, {
    details: { fields: { [name]: reason } },
  });
}
