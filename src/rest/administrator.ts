import type { Request } from 'express';
import type { Authenticate } from '../auth/authenticate.ts';
import { authorize } from '../auth/authorize.ts';

/** Lets administrators pass. @throws Problem unauthorized or permission_denied. */
export async function requireAdministrator(authenticate: Authenticate, request: Request): Promise<void> {
  authorize(await authenticate(request.headers, request.ip ?? ''), 'manage');
}
