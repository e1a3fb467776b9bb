import type { DeclaredExecution } from '../agents/definition.ts';
import type { Principal } from './principal.ts';

/**
 * - `see`: the agent exists for the caller (lists, card, own tasks)
 * - `invoke`: start a run of it, use its tools
 * - `read_configuration`: the system prompt and whatever else is not published
 * - `list_tasks`: list the caller's own tasks
 * - `use_tools`: the gateway's own tools, those that are not for administrators alone
 * - `manage`: what only administrators of the gateway do
 */
export type Action = 'see' | 'invoke' | 'read_configuration' | 'list_tasks' | 'use_tools' | 'manage';

/** What a door answers: `unauthorized` 401, `forbidden` 403, `hidden` 404 as if the agent did not exist. */
export type Decision = 'allowed' | 'unauthorized' | 'forbidden' | 'hidden';

export interface AccessedAgent {
  readonly id: string;
  readonly access: DeclaredExecution['access'];
}

/** What the agent is to this caller; `none`: no agent given. */
type Access = AccessedAgent['access'] | 'none';
type Standing = 'anonymous' | 'user' | 'manager' | 'admin';

const yes = 'allowed';
const who = 'unauthorized';
const no = 'forbidden';
const gone = 'hidden';

const TABLE: Readonly<Record<Action, Record<Access, Record<Standing, Decision>>>> = {
  see: {
    public: { anonymous: yes, user: yes, manager: yes, admin: yes },
    authenticated: { anonymous: yes, user: yes, manager: yes, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: yes, admin: yes },
    none: { anonymous: gone, user: gone, manager: gone, admin: gone },
  },
  invoke: {
    public: { anonymous: yes, user: yes, manager: yes, admin: yes },
    authenticated: { anonymous: who, user: yes, manager: yes, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: no, admin: yes },
    none: { anonymous: gone, user: gone, manager: gone, admin: gone },
  },
  read_configuration: {
    public: { anonymous: who, user: no, manager: yes, admin: yes },
    authenticated: { anonymous: who, user: no, manager: yes, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: yes, admin: yes },
    none: { anonymous: who, user: no, manager: yes, admin: yes },
  },
  list_tasks: {
    public: { anonymous: who, user: yes, manager: yes, admin: yes },
    authenticated: { anonymous: who, user: yes, manager: yes, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: yes, admin: yes },
    none: { anonymous: who, user: yes, manager: yes, admin: yes },
  },
  use_tools: {
    public: { anonymous: who, user: yes, manager: yes, admin: yes },
    authenticated: { anonymous: who, user: yes, manager: yes, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: yes, admin: yes },
    none: { anonymous: who, user: yes, manager: yes, admin: yes },
  },
  manage: {
    public: { anonymous: who, user: no, manager: no, admin: yes },
    authenticated: { anonymous: who, user: no, manager: no, admin: yes },
    assigned: { anonymous: gone, user: gone, manager: no, admin: yes },
    none: { anonymous: who, user: no, manager: no, admin: yes },
  },
};

/**
 * The one authorization of every door. Rows: what the agent's `access` is; columns: who is calling.
 *
 * | action             | access        | anonymous | user, analyst, viewer | manager | admin |
 * |--------------------|---------------|-----------|-----------------------|---------|-------|
 * | see                | public        | allowed   | allowed               | allowed | allowed |
 * |                    | authenticated | allowed   | allowed               | allowed | allowed |
 * |                    | assigned      | hidden    | hidden                | allowed | allowed |
 * | invoke             | public        | allowed   | allowed               | allowed | allowed |
 * |                    | authenticated | unauthorized | allowed            | allowed | allowed |
 * |                    | assigned      | hidden    | hidden                | forbidden | allowed |
 * | read_configuration | public, authenticated | unauthorized | forbidden  | allowed | allowed |
 * |                    | assigned      | hidden    | hidden                | allowed | allowed |
 * | list_tasks         | public, authenticated | unauthorized | allowed    | allowed | allowed |
 * |                    | assigned      | hidden    | hidden                | allowed | allowed |
 * | use_tools          | public, authenticated | unauthorized | allowed    | allowed | allowed |
 * |                    | assigned      | hidden    | hidden                | allowed | allowed |
 * | manage             | public, authenticated | unauthorized | forbidden  | forbidden | allowed |
 * |                    | assigned      | hidden    | hidden                | forbidden | allowed |
 *
 * To an assigned caller an `assigned` agent is as an `authenticated` one. Anonymous callers whom the
 * configuration lets in (AUTH_ANONYMOUS) stand in the user's column. Without an agent, `read_configuration`,
 * `list_tasks`, `use_tools` and `manage` are about the gateway as a whole (as with `authenticated`); `see` and `invoke` are
 * `hidden` for everybody: what is not there cannot be seen.
 */
export function decide(principal: Principal, action: Action, agent?: AccessedAgent): Decision {
  return TABLE[action][accessFor(principal, agent)][standingOf(principal)];
}

/** Whether decide() says `allowed`. */
export function may(principal: Principal, action: Action, agent?: AccessedAgent): boolean {
  return decide(principal, action, agent) === 'allowed';
}

function accessFor(principal: Principal, agent?: AccessedAgent): Access {
  if (!agent) return 'none';
  const assigned = agent.access === 'assigned' && principal.assignedAgents.has(agent.id);
  return assigned ? 'authenticated' : agent.access;
}

function standingOf(principal: Principal): Standing {
  if (principal.kind === 'anonymous') return principal.anonymousAllowed ? 'user' : 'anonymous';
  return principal.role === 'admin' || principal.role === 'manager' ? principal.role : 'user';
}
