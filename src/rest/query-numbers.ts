import type { Request } from 'express';
import { Problem } from '../http/problem.ts';

/** A whole number of the query. @throws Problem invalid_request naming the parameter. */
export function wholeNumber(
  request: Request,
  name: string,
  range: { least: number; most: number; otherwise: number },
): number {
  const given = request.query[name];
  if (given === undefined) return range.otherwise;
  const value = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : NaN;
  if (value >= range.least && value <= range.most) return value;
  throw invalidQuery(name, `must be a whole number from ${range.least} to ${range.most}`);
}

/** The refusal of a query parameter; `reason` continues the sentence that begins with its name. */
export function invalidQuery(name: string, reason: string): Problem {
  return new Problem('invalid_request', `The query parameter ${name} ${reason}.`, {
    details: { fields: { [name]: reason } },
  });
}
