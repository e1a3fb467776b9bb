import { expect, test } from '@jest/globals';
import type { AgentFile } from '../../src/agents/agent-file.ts';
import { withDefaults } from '../../src/agents/defaults.ts';
import type { AgentRevision } from '../../src/agents/definition.ts';
import { AgentRegistry, type AgentChange } from '../../src/agents/registry.ts';
import { makeRevision } from '../../src/agents/revision.ts';
import { agentFields } from './agent-folder.ts';

function definition(id: string, prompt = 'You answer.') {
  const file = agentFields(id) as unknown as AgentFile;
  return withDefaults(file, { prompt, tools: [] });
}

function revision(id: string, prompt?: string, previous?: AgentRevision, at = 0): AgentRevision {
  return makeRevision(definition(id, prompt), previous, new Date(at));
}

test('a revision is the hash of what it says, however it is written', () => {
  const { card, ...rest } = definition('desk');
  const turned = Object.fromEntries(Object.entries(card).reverse()) as unknown as typeof card;
  const one = revision('desk');
  const other = makeRevision({ card: turned, ...rest }, undefined, new Date(5));
  expect(one.revision).toMatch(/^[0-9a-f]{12}$/);
  expect(other.revision).toBe(one.revision);
  expect(revision('desk', 'Something else.').revision).not.toBe(one.revision);
});

test('a later revision keeps the time of the first; an unchanged one is the previous one', () => {
  const first = revision('desk', 'One.', undefined, 1000);
  const second = revision('desk', 'Two.', first, 2000);
  expect(second).toMatchObject({
    createdAt: '1970-01-01T00:00:01.000Z',
    updatedAt: '1970-01-01T00:00:02.000Z',
  });
  expect(revision('desk', 'Two.', second, 3000)).toBe(second);
});

test('the registry lists by id and knows the default agent', () => {
  const registry = new AgentRegistry();
  expect(registry.defaultAgent()).toBeUndefined();
  for (const id of ['shop', 'desk', 'zoo']) registry.put(revision(id));
  expect(registry.list().map(({ id }) => id)).toEqual(['desk', 'shop', 'zoo']);
  expect(registry.defaultAgent()?.id).toBe('desk');
  expect(registry.get('shop')?.id).toBe('shop');
  expect(registry.get('constructor')).toBeUndefined();
});

test('the configured default agent is that one or none', () => {
  const registry = new AgentRegistry('zoo');
  registry.put(revision('desk'));
  expect(registry.defaultAgent()).toBeUndefined();
  registry.put(revision('zoo'));
  expect(registry.defaultAgent()?.id).toBe('zoo');
});

test('listeners hear of every change once, until they stop', () => {
  const registry = new AgentRegistry();
  const heard: AgentChange[] = [];
  const stop = registry.onChange((change) => heard.push(change));
  const first = revision('desk');
  const second = revision('desk', 'New.', first);
  registry.put(first);
  registry.put(first);
  registry.put(second);
  registry.remove('desk');
  registry.remove('desk');
  stop();
  registry.put(first);
  expect(heard).toEqual([
    { id: 'desk', current: first },
    { id: 'desk', current: second, previous: first },
    { id: 'desk', previous: second },
  ]);
});
