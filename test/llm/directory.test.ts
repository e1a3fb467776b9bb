import { expect, test } from '@jest/globals';
import { ModelDirectory, UnknownModelError, type ModelChoice } from '../../src/llm/directory.ts';
import type { ProviderRecord } from '../../src/llm/provider.ts';
import { complete } from './completion.ts';

function provider(id: string, isDefault = false): ProviderRecord {
  const baseUrl = 'http://127.0.0.1:1/v1';
  return {
    id,
    name: id,
    baseUrl,
    model: `${id}-large`,
    default: isDefault,
    timeoutSeconds: 1,
    maxConcurrency: 1,
  };
}

const directory = new ModelDirectory([provider('one'), provider('two', true), provider('three')]);
const ids = (choice?: ModelChoice): string[] => directory.resolve(choice).map((model) => model.llmId);

test.each<[string, ModelChoice | undefined, string[]]>([
  ['nothing: the default', undefined, ['two']],
  ['the agent', { agent: 'one' }, ['one']],
  ['the agent with fallbacks', { agent: 'one', fallbacks: ['two', 'three'] }, ['one', 'two', 'three']],
  ['the default with fallbacks, each once', { fallbacks: ['two', 'three'] }, ['two', 'three']],
  [
    'the request over the agent, without its fallbacks',
    { requested: 'three', agent: 'one', fallbacks: ['two'] },
    ['three'],
  ],
])('resolves %s', (_case, choice, expected) => {
  expect(ids(choice)).toEqual(expected);
});

test.each<[string, ModelChoice]>([
  ['requested', { requested: 'four', agent: 'one' }],
  ['of the agent', { agent: 'four' }],
  ['of a fallback', { agent: 'one', fallbacks: ['four'] }],
])('an unknown id %s is an error that lists the known ones', (_case, choice) => {
  expect(() => ids(choice)).toThrow(UnknownModelError);
  expect(() => ids(choice)).toThrow('There is no model "four". Name one of these as llmId: one, two, three.');
});

test('without a default one must be named', () => {
  const undecided = new ModelDirectory([provider('one')]);
  expect(() => undecided.resolve()).toThrow(UnknownModelError);
  expect(undecided.resolve({ agent: 'one' })[0]?.llmId).toBe('one');
});

test('lists ids with the names of their models', () => {
  expect([...directory.list()]).toEqual([
    ['one', 'one-large'],
    ['two', 'two-large'],
    ['three', 'three-large'],
  ]);
  expect(directory.usingOffline).toBe(false);
});

test('without providers the offline one is there, works, and says what it is', async () => {
  const offline = new ModelDirectory([]);
  expect(offline.usingOffline).toBe(true);
  expect([...offline.list()]).toEqual([['offline-extractive', 'offline-extractive']]);
  const [model] = offline.resolve();
  expect(model && (await complete(model)).text).toContain('No language model is configured');
  expect(() => offline.resolve({ requested: 'openai' })).toThrow('offline-extractive');
});
