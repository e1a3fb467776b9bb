import { describe, expect, test } from '@jest/globals';
import { numberParameters } from '../../../../src/tools/sql/postgres/named-parameters.ts';

describe('numberParameters', () => {
  test.each([
    ['select :a, :b', 'select $1, $2', ['x', null]],
    ['select :a = :a', 'select $1 = $2', ['x', 'x']],
    [
      'select \':a\', ":a", a::a, x[1 :b], $$:a$$ -- :a',
      'select \':a\', ":a", a::a, x[1 $1], $$:a$$ -- :a',
      [null],
    ],
    ['where :a is null or s = :a', 'where $1::text is null or s = $2', ['x', 'x']],
    ['where :b IS  NOT NULL and 1 = 1', 'where $1::text IS  NOT NULL and 1 = 1', [null]],
    ["select 'é', :a, 'ü'", "select 'é', $1, 'ü'", ['x']],
    ['select :name, :toString', 'select :name, :toString', []],
  ])('%s', async (sql, numbered, values) => {
    await expect(numberParameters(sql, { a: 'x', b: null })).resolves.toEqual({ sql: numbered, values });
  });

  test('refuses more words than can be parsed quickly', async () => {
    await expect(numberParameters(`select 1${'+1'.repeat(5_000)}`, {})).rejects.toThrow(/too many words/);
  });

  test('refuses a number', async () => {
    await expect(numberParameters('select $1', {})).rejects.toThrow(/\$1/);
  });
});
