import { Problem } from '../http/problem.ts';
import { decide, type Action } from './permissions.ts';
import type { Principal } from './principal.ts';
import { unauthorized } from './unauthorized.ts';

/**
 * Lets callers pass who may do this with the gateway as a whole.
 * @throws Problem unauthorized, or permission_denied with the role that is needed.
 */
export function authorize(principal: Principal, action: Extract<Action, 'use_tools' | 'manage'>): void {
  const decision = decide(principal, action);
  if (decision === 'unauthorized') throw unauthorized();
  if (decision === 'allowed') return;
  throw new Problem('permission_denied', 'Only administrators may do this.', {
    details: { required_role: 'admin' },
  });
}
