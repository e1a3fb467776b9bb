import type { Request } from 'express';
import type { Authenticate } from '../auth/authenticate.ts';
import { decide } from '../auth/permissions.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { Problem } from '../http/problem.ts';

/** Lets administrators pass. @throws Problem unauthorized or permission_denied. */
export async function requireAdministrator(authenticate: Authenticate, request: Request): Promise<void> {
  const decision = decide(await authenticate(request.headers, request.ip ?? ''), 'manage');
  if (decision === 'unauthorized') throw unauthorized();
  if (decision !== 'allowed') throw new Problem('permission_denied', 'Only administrators may do this.');
}
