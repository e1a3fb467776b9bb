import { describe, expect, test } from '@jest/globals';
import {
  contextValueSchema,
  declaresContextValues,
  requiresContextValues,
  resolveContextValues,
} from '../../src/agents/context-values.ts';
import type { AgentDefinition, ContextVariable } from '../../src/agents/definition.ts';
import { withDefaults } from '../../src/agents/defaults.ts';
import type { AgentFile } from '../../src/agents/agent-file.ts';
import { compileSchema } from '../../src/agents/json-schema.ts';
import { makeRevision } from '../../src/agents/revision.ts';
import { Problem } from '../../src/http/problem.ts';
import { agentFields } from './agent-folder.ts';

type Written = Partial<ContextVariable> & { name: string };

function agent(...contextVariables: Written[]) {
  const variables = contextVariables.map((variable) => ({ schema: { type: 'string' }, ...variable }));
  const file = agentFields('desk', { contextVariables: variables }) as unknown as AgentFile;
  const definition: AgentDefinition = withDefaults(file, { prompt: 'You answer.', tools: [] });
  return makeRevision(definition, undefined, new Date(0));
}

const customer: Written = { name: 'customer_id', required: true };
const language: Written = { name: 'language', schema: { enum: ['en', 'de'] }, default: 'en', required: true };
const tenant: Written = { name: 'tenant', source: 'claim', claim: 'tid' };
const token: Written = { name: 'shop_token', secret: true, schema: { type: 'string', minLength: 8 } };

function refusal(call: () => unknown): Problem {
  try {
    call();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('resolveContextValues', () => {
  test('keeps secrets apart, fills in defaults and takes claims from the token', () => {
    const resolved = resolveContextValues(
      agent(customer, language, tenant, token),
      { customer_id: 'C-7', shop_token: 'demo-shop-token' },
      { tid: 'acme', other: 'x' },
    );
    expect(resolved).toEqual({
      values: { customer_id: 'C-7', language: 'en', tenant: 'acme' },
      secrets: { shop_token: 'demo-shop-token' },
    });
  });

  test('leaves out what is optional and not given', () => {
    expect(resolveContextValues(agent(tenant, token), undefined, {})).toEqual({ values: {}, secrets: {} });
  });

  const refused: [
    string,
    Written[],
    Record<string, unknown> | undefined,
    Record<string, unknown>,
    string,
    RegExp,
  ][] = [
    ['missing', [customer], undefined, {}, 'customer_id', /is required/],
    ['unknown', [customer], { customer_id: 'a', nope: 1 }, {}, 'nope', /not a context value/],
    ['ill-typed', [customer], { customer_id: 7 }, {}, 'customer_id', /must be string/],
    ['null', [language], { language: null }, {}, 'language', /allowed values/],
    ['a claim sent by the caller', [tenant], { tenant: 'acme' }, {}, 'tenant', /not a context value/],
    ['a missing claim', [{ ...tenant, required: true }], {}, {}, 'tenant', /claim "tid"/],
    ['an ill-typed claim', [tenant], {}, { tid: 3 }, 'tenant', /claim "tid" must be string/],
    [
      'a name of Object.prototype',
      [{ ...customer, name: 'constructor' }],
      {},
      {},
      'constructor',
      /is required/,
    ],
  ];
  test.each(refused)(
    'refuses what is %s, naming the field',
    (_name, variables, provided, claims, field, reason) => {
      const problem = refusal(() => resolveContextValues(agent(...variables), provided, claims));
      expect(problem.reason).toBe('invalid_request');
      expect(problem.details).toEqual({ fields: { [field]: expect.stringMatching(reason) } });
      expect(problem.message).toContain(JSON.stringify(field));
    },
  );

  test('refuses __proto__ as a name', () => {
    const provided = JSON.parse('{"__proto__": {"customer_id": "C-7"}}') as Record<string, unknown>;
    const problem = refusal(() => resolveContextValues(agent(customer), provided, {}));
    expect(problem.message).toContain('"__proto__" is not a context value');
    expect(problem.message).toContain('"customer_id" is required');
  });

  test('names every field, and never a value', () => {
    const schema = { type: 'object', patternProperties: { '^c': { type: 'string' } } };
    const provided = {
      customer_id: ['canary'],
      shop_token: 'canary',
      account: { canary: 1 },
      nope: 'canary',
    };
    const revision = agent(customer, token, { name: 'account', schema, secret: true });
    const problem = refusal(() => resolveContextValues(revision, provided, {}));
    const fields = Object.keys(problem.details?.fields as object);
    expect(fields.sort()).toEqual(['account', 'customer_id', 'nope', 'shop_token']);
    expect(problem.message + JSON.stringify(problem.details)).not.toContain('canary');
  });

  test('answers a flood of unknown names in few words', () => {
    const provided = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`${index}${'x'.repeat(1000)}`, 1]),
    );
    expect(refusal(() => resolveContextValues(agent(customer), provided, {})).message.length).toBeLessThan(
      2000,
    );
  });

  test('refuses a value that is nested deeper than its recursive schema can be followed', () => {
    const schema = {
      $defs: { tree: { type: 'array', items: { $ref: '#/$defs/tree' } } },
      $ref: '#/$defs/tree',
    };
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    const problem = refusal(() => resolveContextValues(agent({ name: 'tree', schema }), { tree: deep }, {}));
    expect(problem.details).toEqual({ fields: { tree: 'is nested too deeply' } });
  });
});

describe('contextValueSchema', () => {
  test('publishes what callers may send, and nothing else', () => {
    expect(
      contextValueSchema(agent({ ...customer, description: 'Who asks.' }, language, tenant, token)),
    ).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        customer_id: { type: 'string', description: 'Who asks.' },
        language: { enum: ['en', 'de'], default: 'en' },
        shop_token: { type: 'string', minLength: 8, writeOnly: true },
      },
      required: ['customer_id'],
      additionalProperties: false,
    });
  });

  test('is made once per revision', () => {
    const revision = agent(customer);
    expect(contextValueSchema(revision)).toBe(contextValueSchema(revision));
  });

  test('keeps references within a variable true', () => {
    const schema = { $defs: { id: { type: 'string' } }, $ref: '#/$defs/id' };
    const validate = compileSchema(contextValueSchema(agent({ name: 'id', schema })));
    expect([validate({ id: 'a' }), validate({ id: 1 })]).toEqual([true, false]);
  });
});

test.each([
  [[], false, false],
  [[tenant], false, false],
  [[token], true, false],
  [[language], true, false],
  [[customer], true, true],
  [[{ ...tenant, required: true }], false, false],
] as [Written[], boolean, boolean][])('%j: declared %s, required %s', (variables, declared, required) => {
  expect(declaresContextValues(agent(...variables))).toBe(declared);
  expect(requiresContextValues(agent(...variables))).toBe(required);
});
