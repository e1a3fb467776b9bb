import { describe, expect, test } from '@jest/globals';
import { compileParameters } from '../../src/tools/parameters.ts';

const schema = {
  type: 'object',
  properties: {
    order_id: { type: 'string', minLength: 2 },
    status: { enum: ['open', 'closed'] },
    items: { type: 'array', items: { type: 'object', required: ['sku'] } },
    email: { type: 'string', format: 'email' },
  },
  required: ['order_id'],
  additionalProperties: false,
};

describe('compileParameters', () => {
  const validate = compileParameters(schema);

  test('finds nothing to say about arguments that fit', () => {
    expect(
      validate({ order_id: 'A-1', status: 'open', items: [{ sku: 'x' }], email: 'a@b.example' }),
    ).toEqual([]);
  });

  test.each([
    ['a missing one', {}, 'order_id is required'],
    ['a type, without coercing', { order_id: 42 }, 'order_id must be string'],
    ['an unknown one', { order_id: 'A-1', colour: 'red' }, 'colour is not a known parameter'],
    ['an enumeration', { order_id: 'A-1', status: 'lost' }, 'status must be one of ["open","closed"]'],
    ['one within a list', { order_id: 'A-1', items: [{}] }, 'items.0.sku is required'],
    ['a format', { order_id: 'A-1', email: 'nobody' }, 'email must match format "email"'],
    ['no object at all', 'A-1', 'the arguments must be object'],
  ])('names the field: %s', (_case, args, sentence) => {
    expect(validate(args)).toEqual([sentence]);
  });

  test('says all that is wrong, up to ten sentences', () => {
    expect(validate({ status: 'lost', colour: 'red' })).toHaveLength(3);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`extra${index}`, 1]));
    expect(validate(many)).toHaveLength(10);
  });

  test('a schema that is none is refused at once', () => {
    expect(() => compileParameters({ type: 'nonsense' })).toThrow(/type/);
  });
});
