import { expect, test } from '@jest/globals';
import { childValues } from '../../../src/agents/delegation/child-values.ts';
import type { ContextVariable } from '../../../src/agents/definition.ts';
import { requestVariable } from '../../a2a/agent-revision.ts';

function claimed(name: string, claim: string): ContextVariable {
  return { ...requestVariable(name), source: 'claim', claim };
}

const secret = requestVariable('token', { secret: true });
const context = { customer: 'ada', token: 'hunter22', tenant: 't1', other: 'o' };

function given(
  child: ContextVariable[],
  parent: ContextVariable[],
  contextValues: Record<string, { context: string }> = {},
): ReturnType<typeof childValues> {
  return childValues(
    { contextVariables: child },
    { contextVariables: parent },
    { contextValues },
    { context },
  );
}

test('values of the same name go along; secret ones, unknown ones and absent ones do not', () => {
  const child = [requestVariable('customer'), requestVariable('token'), requestVariable('missing')];
  const parent = [requestVariable('customer'), secret, requestVariable('other'), requestVariable('missing')];
  expect(given(child, parent)).toEqual({ provided: { customer: 'ada' }, claims: {} });
});

test('a mapping names what else goes along, secret values too', () => {
  const mapping = { key: { context: 'token' }, customer: { context: 'other' } };
  const parent = [requestVariable('customer'), secret, requestVariable('other')];
  expect(given([requestVariable('customer'), requestVariable('key')], parent, mapping)).toEqual({
    provided: { customer: 'o', key: 'hunter22' },
    claims: {},
  });
});

test('a mapping to a variable that the other agent lacks is not swallowed', () => {
  const { provided } = given([], [requestVariable('customer')], { typo: { context: 'customer' } });
  expect(provided).toEqual({ typo: 'ada' });
});

test("a claim's value comes from the same claim only", () => {
  const child = [claimed('tenant', 'tid')];
  expect(given(child, [claimed('tenant', 'tid')]).claims).toEqual({ tid: 't1' });
  expect(given(child, [claimed('tenant', 'other')]).claims).toEqual({});
  const mapping = { tenant: { context: 'customer' } };
  expect(given(child, [requestVariable('customer')], mapping)).toEqual({ provided: {}, claims: {} });
});
