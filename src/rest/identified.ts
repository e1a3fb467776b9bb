import type { Request } from 'express';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Principal } from '../auth/principal.ts';
import { unauthorized } from '../auth/unauthorized.ts';

/** The REST doors list things only for callers with credentials (or with AUTH_ANONYMOUS). */
export async function identified(authenticate: Authenticate, request: Request): Promise<Principal> {
  const principal = await authenticate(request.headers, request.ip ?? '');
  if (principal.kind === 'anonymous' && !principal.anonymousAllowed) throw unauthorized();
  return principal;
}
