import { describe, expect, test } from '@jest/globals';
import {
  activate,
  requireExtensions,
  CONVERSATION_HISTORY_URI,
  declaredExtensions,
  PROVIDED_VALUES_URI,
} from '../../src/a2a/extensions.ts';
import { agentRevision, requestVariable } from './agent-revision.ts';
import { refusal } from './refusal.ts';

describe('activate', () => {
  const declared = [{ uri: 'urn:a' }, { uri: 'urn:b', required: false }, { uri: 'urn:c' }];

  test.each<[(string | string[] | undefined)[], string[]]>([
    [[undefined, undefined], []],
    [[''], []],
    [['urn:a'], ['urn:a']],
    [[' urn:c ,\turn:a,,urn:nobody '], ['urn:c', 'urn:a']],
    [
      ['urn:a', 'urn:b, urn:a'],
      ['urn:a', 'urn:b'],
    ],
    [[['urn:b', 'urn:c']], ['urn:b', 'urn:c']],
    [['URN:A', 'urn:a/', 'urn'], []],
  ])('%j activates %j', (headers, activated) => {
    expect(activate(headers, declared)).toEqual({ activated });
  });

  test('a required one that is not activated is named', () => {
    const required = [...declared, { uri: 'urn:needed', required: true }];
    const problem = refusal(() => requireExtensions(['urn:a'], required));
    expect(problem.reason).toBe('extension_required');
    expect(problem.details).toEqual({ extension: 'urn:needed' });
    expect(() => requireExtensions(['urn:a', 'urn:needed'], required)).not.toThrow();
  });

  test('a hundred different ones may be requested, not more', () => {
    const names = Array.from({ length: 100 }, (_, index) => `urn:${index}`).join(',');
    expect(activate([`urn:a,${names}`.replace('urn:0,', ''), names.slice(6)], declared)).toEqual({
      activated: ['urn:a'],
    });
    expect(refusal(() => activate([names, 'urn:a'], declared)).reason).toBe('invalid_request');
  });
});

describe('declaredExtensions', () => {
  test('an agent without context variables declares the history alone', () => {
    expect(declaredExtensions(agentRevision())).toEqual([
      {
        uri: CONVERSATION_HISTORY_URI,
        description: expect.any(String),
        required: false,
        params: { schema: expect.objectContaining({ required: ['conversationHistory'] }) },
      },
    ]);
  });

  test('variables of the request are published with their schema', () => {
    const contextVariables = [requestVariable('customer_id', { description: 'Whose orders.' })];
    const [provided] = declaredExtensions(agentRevision({ execution: { contextVariables } }));
    expect(provided).toMatchObject({
      uri: PROVIDED_VALUES_URI,
      required: false,
      params: { schema: { type: 'object', properties: { customer_id: { type: 'string' } } } },
    });
  });

  test.each([
    [requestVariable('a', { required: true }), true],
    [requestVariable('a', { required: true, default: 'x' }), false],
    [requestVariable('a'), false],
  ])('%j makes it required: %j', (variable, required) => {
    const revision = agentRevision({ execution: { contextVariables: [variable] } });
    expect(declaredExtensions(revision)[0]).toMatchObject({ uri: PROVIDED_VALUES_URI, required });
  });

  test('variables of claims are not', () => {
    const tenant = requestVariable('tenant', { source: 'claim', claim: 'tid', required: true });
    const declared = declaredExtensions(agentRevision({ execution: { contextVariables: [tenant] } }));
    expect(declared.map(({ uri }) => uri)).toEqual([CONVERSATION_HISTORY_URI]);
  });

  test("the card's own come last and cannot take the gateway's place", () => {
    const own = { uri: 'urn:own', required: true, params: { a: 1 } };
    const extensions = [{ uri: CONVERSATION_HISTORY_URI, required: true }, own];
    const declared = declaredExtensions(agentRevision({ card: { extensions } }));
    expect(declared).toEqual([
      expect.objectContaining({ uri: CONVERSATION_HISTORY_URI, required: false }),
      own,
    ]);
  });

  test('they are made once for each revision', () => {
    const revision = agentRevision();
    expect(declaredExtensions(revision)).toBe(declaredExtensions(revision));
    expect(declaredExtensions(agentRevision())).not.toBe(declaredExtensions(revision));
  });
});
