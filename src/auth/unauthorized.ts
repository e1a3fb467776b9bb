import { Problem } from '../http/problem.ts';

/** The one answer to missing and to bad credentials: it never tells which of the checks refused them. */
export function unauthorized(): Problem {
  return new Problem(
    'unauthorized',
    'Valid credentials are needed: send the header "Authorization: Bearer <API key or token>".',
  );
}
