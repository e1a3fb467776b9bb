import { describe, expect, test } from '@jest/globals';
import type { Action, Decision } from '../../src/auth/permissions.ts';
import { decide, may } from '../../src/auth/permissions.ts';
import type { Principal, UserRole } from '../../src/auth/principal.ts';

function caller(role: UserRole, assigned: string[] = []): Principal {
  return {
    userId: `some-${role}`,
    role,
    kind: 'api-key',
    assignedAgents: new Set(assigned),
    claims: {},
    anonymousAllowed: false,
  };
}

const anonymous: Principal = { ...caller('user'), userId: 'anonymous', kind: 'anonymous' };
const CALLERS = {
  anonymous,
  letIn: { ...anonymous, anonymousAllowed: true },
  user: caller('user'),
  viewer: caller('viewer'),
  analyst: caller('analyst'),
  assigned: caller('user', ['agent']),
  elsewhere: caller('user', ['other']),
  manager: caller('manager'),
  assignedManager: caller('manager', ['agent']),
  admin: caller('admin'),
} as const;

type Access = 'public' | 'authenticated' | 'assigned' | 'none';
const LETTERS: Record<string, Decision> = { a: 'allowed', u: 'unauthorized', f: 'forbidden', h: 'hidden' };

/** One letter per caller, in the order of CALLERS. */
const EXPECTED: readonly [Action, Access, string][] = [
  ['see', 'public', 'aa aaa aa aa a'],
  ['see', 'authenticated', 'aa aaa aa aa a'],
  ['see', 'assigned', 'hh hhh ah aa a'],
  ['see', 'none', 'hh hhh hh hh h'],
  ['invoke', 'public', 'aa aaa aa aa a'],
  ['invoke', 'authenticated', 'ua aaa aa aa a'],
  ['invoke', 'assigned', 'hh hhh ah fa a'],
  ['invoke', 'none', 'hh hhh hh hh h'],
  ['read_configuration', 'public', 'uf fff ff aa a'],
  ['read_configuration', 'authenticated', 'uf fff ff aa a'],
  ['read_configuration', 'assigned', 'hh hhh fh aa a'],
  ['read_configuration', 'none', 'uf fff ff aa a'],
  ['list_tasks', 'public', 'ua aaa aa aa a'],
  ['list_tasks', 'authenticated', 'ua aaa aa aa a'],
  ['list_tasks', 'assigned', 'hh hhh ah aa a'],
  ['list_tasks', 'none', 'ua aaa aa aa a'],
  ['use_tools', 'public', 'ua aaa aa aa a'],
  ['use_tools', 'authenticated', 'ua aaa aa aa a'],
  ['use_tools', 'assigned', 'hh hhh ah aa a'],
  ['use_tools', 'none', 'ua aaa aa aa a'],
  ['manage', 'public', 'uf fff ff ff a'],
  ['manage', 'authenticated', 'uf fff ff ff a'],
  ['manage', 'assigned', 'hh hhh fh ff a'],
  ['manage', 'none', 'uf fff ff ff a'],
];

describe.each(EXPECTED)('%s, access %s', (action, access, letters) => {
  const expected = Array.from(letters.replaceAll(' ', ''), (letter) => LETTERS[letter]);
  const agent = access === 'none' ? undefined : { id: 'agent', access };
  test.each(Object.entries(CALLERS).map(([name, principal], index) => [name, principal, expected[index]]))(
    '%s',
    (_name, principal, decision) => {
      expect(decide(principal as Principal, action, agent)).toBe(decision);
      expect(may(principal as Principal, action, agent)).toBe(decision === 'allowed');
    },
  );
});
