import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ModelMessage } from '../../../src/llm/model.ts';
import { afterTool, answered, ask, excerpts, user } from './conversation.ts';

describe('with a response schema', () => {
  const fill = async (schema: Record<string, unknown>, ...messages: ModelMessage[]): Promise<unknown> => {
    const { text } = await ask({ messages, responseSchema: { name: 'response', schema } });
    const value: unknown = JSON.parse(text);
    const validate = new Ajv2020().compile(schema);
    expect([validate(value), validate.errors]).toEqual([true, null]);
    return value;
  };
  const formRequest = user('Give your answer above once more as JSON that follows the response schema.');

  const choice = {
    type: 'object',
    properties: { scenario: { type: 'string', enum: ['refund-policy', 'order-status', 'none'] } },
    required: ['scenario'],
    additionalProperties: false,
  };
  const scenarios: ModelMessage = {
    role: 'system',
    content:
      'Choose the scenario; "none" if no scenario fits.\n- refund-policy: The customer wants the money back or asks for shipping costs.\n- order-status: The delivery of an order.',
  };

  test.each([
    ['I want my money back', 'refund-policy'],
    ['When is the delivery?', 'order-status'],
    ['Tell me a joke', 'none'],
  ])('%s: the value whose description shares most is chosen', async (question, scenario) => {
    expect(await fill(choice, scenarios, user(question))).toEqual({ scenario });
  });

  const orderSchema = {
    type: 'object',
    properties: {
      orderId: { type: ['string', 'null'] },
      status: { type: ['string', 'null'], enum: ['shipped', 'delivered', null] },
      total: { type: 'number' },
      items: {
        type: 'array',
        items: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] },
      },
      message: { type: 'string' },
    },
    required: ['orderId', 'status', 'total', 'items', 'message'],
    additionalProperties: false,
  };

  test('properties come from the data of the tools and from the answer', async () => {
    const data = {
      order: { order_id: 'A-1001', STATUS: 'Shipped', total: '12.5', items: [{ sku: 'S1', count: 2 }] },
    };
    const messages = afterTool('Where is A-1001?', 'get_order', JSON.stringify(data), { order_id: 'A-1001' });
    expect(await fill(orderSchema, ...messages, answered('It is on its way.'), formRequest)).toEqual({
      orderId: 'A-1001',
      status: 'shipped',
      total: 12.5,
      items: [{ sku: 'S1' }],
      message: 'It is on its way.',
    });
  });

  test('what nobody said is null where that is allowed, and fits the schema elsewhere', async () => {
    const messages = afterTool('Can I return a delivered sofa?', 'search_policies', excerpts);
    expect(await fill(orderSchema, ...messages, answered('Within 14 days.'), formRequest)).toEqual({
      orderId: null,
      status: null,
      total: 0,
      items: [],
      message: 'Within 14 days.',
    });
  });

  test('an answer without tools is found too, also in the repair turn', async () => {
    const schema = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };
    const turns = [user('Hello'), answered('Good day.'), formRequest];
    expect(await fill(schema, ...turns)).toEqual({ answer: 'Good day.' });
    const repair = [answered('{}'), user('That does not follow the schema. JSON, response schema.')];
    expect(await fill(schema, ...turns, ...repair)).toEqual({ answer: 'Good day.' });
  });

  test('references, constants, bounds and alternatives are kept', async () => {
    const schema = {
      type: 'object',
      $defs: { level: { oneOf: [{ const: 'high', description: 'urgent' }, { const: 'low' }] } },
      properties: {
        kind: { const: 'ticket' },
        level: { $ref: '#/$defs/level' },
        rank: { type: 'integer', minimum: 3 },
        tags: { type: 'array', items: { type: 'string' }, minItems: 1 },
        open: { type: 'boolean' },
        optional: { type: 'string' },
      },
      required: ['kind', 'level', 'rank', 'tags', 'open'],
    };
    expect(await fill(schema, user('This is urgent'))).toEqual({
      kind: 'ticket',
      level: 'high',
      rank: 3,
      tags: [''],
      open: false,
    });
  });
});
