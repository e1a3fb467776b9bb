import { describe, expect, test } from '@jest/globals';
import { permissionsFromRest, type TablePermissions } from '../../../src/agents/data-permissions.ts';
import { accessWithoutValues, permittedTables, resolveAccess } from '../../../src/tools/sql/permissions.ts';
import { ToolError } from '../../../src/tools/tool.ts';

const catalogue = [
  { name: 'customers', columns: ['id', 'name', 'ssn', 'Email'] },
  { name: 'orders', columns: ['id', 'customer_id'] },
  { name: 'salaries', columns: ['amount'] },
];

function columnsOf(tables: Record<string, TablePermissions>, ignoreCase = true) {
  const permitted = permittedTables(accessWithoutValues({ tables }), catalogue, { ignoreCase });
  return Object.fromEntries(permitted.map(({ name, columns }) => [name, columns]));
}

describe('permittedTables', () => {
  test.each<[string, Record<string, TablePermissions>, Record<string, string[]>]>([
    ['an unlisted table is closed', {}, {}],
    ['without allow every column is open', { orders: {} }, { orders: ['id', 'customer_id'] }],
    [
      'without allow every column that is not denied',
      { customers: { deny: ['ssn', 'Email'] } },
      { customers: ['id', 'name'] },
    ],
    ['allow names the only ones', { customers: { allow: ['name'] } }, { customers: ['name'] }],
    [
      'denied beats allowed',
      { customers: { allow: ['name', 'ssn'], deny: ['ssn'] } },
      { customers: ['name'] },
    ],
    ['allow with nothing in it closes the table', { customers: { allow: [] } }, {}],
    ['everything denied closes the table', { salaries: { deny: ['amount'] } }, {}],
    [
      'names count in any case where the database says so',
      { CUSTOMERS: { allow: ['NAME', 'email'], deny: ['EMAIL'] } },
      { customers: ['name'] },
    ],
  ])('%s', (_rule, tables, expected) => {
    expect(columnsOf(tables)).toEqual(expected);
  });

  test('a denied column counts in any case, also where the database tells cases apart', () => {
    expect(columnsOf({ customers: { deny: ['SSN', 'email'] } }, false)).toEqual({
      customers: ['id', 'name'],
    });
    expect(() => columnsOf({ customers: { allow: ['NAME'] } }, false)).toThrow(/customers\.NAME/);
    expect(() => columnsOf({ Customers: {} }, false)).toThrow(/the table Customers/);
  });

  test.each<[string, Record<string, TablePermissions>, RegExp]>([
    ['a table', { custmers: {} }, /the table custmers, which does not exist/],
    ['an allowed column', { customers: { allow: ['nam'] } }, /the column customers\.nam, which/],
    ['a denied column', { customers: { deny: ['sssn'] } }, /the column customers\.sssn, which/],
    [
      'a filter',
      { orders: { rowFilter: { customer: { context: 'c' } } } },
      /the column orders\.customer, which/,
    ],
  ])('a slip of the pen in %s opens nothing', (_what, tables, message) => {
    expect(() => columnsOf(tables)).toThrow(message);
  });
});

describe('resolveAccess', () => {
  const permissions = { tables: { orders: { rowFilter: { customer_id: { context: 'customer' } } } } };

  test('takes the values of row filters from the context', () => {
    const access = resolveAccess(permissions, { customer: 'C-7', other: 'x' });
    expect(permittedTables(access, catalogue, { ignoreCase: true })).toEqual([
      { name: 'orders', columns: ['id', 'customer_id'], rows: [{ column: 'customer_id', value: 'C-7' }] },
    ]);
  });

  test.each([[{}], [{ customer: null }], [{ customer: ['C-7'] }], [{ customer: { $ne: '' } }]])(
    'a filter without a plain value is not left out: %j',
    (context) => {
      expect(() => resolveAccess(permissions, context)).toThrow(ToolError);
      expect(() => resolveAccess(permissions, context)).toThrow(/orders.*customer/);
    },
  );

  test('what an object inherits is no context value', () => {
    const inherited = { tables: { orders: { rowFilter: { customer_id: { context: 'toString' } } } } };
    expect(() => resolveAccess(inherited, {})).toThrow(/toString/);
  });
});

test.each([
  [{}, {}],
  [{ allowed_tables: null }, {}],
  [{ allowed_tables: ['orders'] }, { orders: {} }],
  [{ allowed_tables: ['orders'], column_permissions: { customers: { allowed: ['id'] } } }, { orders: {} }],
  [
    { allowed_tables: ['a'], column_permissions: { a: { allowed: ['x'], denied: ['y'] } } },
    { a: { allow: ['x'], deny: ['y'] } },
  ],
  [
    { allowed_tables: ['a'], column_permissions: { a: { allowed: '*' as const, denied: ['y'] } } },
    { a: { deny: ['y'] } },
  ],
  [{ allowed_tables: ['a'], column_permissions: { a: { allowed: ['*'] } } }, { a: {} }],
  [{ allowed_tables: ['a'], column_permissions: { a: { allowed: [] } } }, { a: { allow: [] } }],
  [{ allowed_tables: ['toString'], column_permissions: {} }, { toString: {} }],
])('REST permissions %j are the same model', (rest, tables) => {
  expect(permissionsFromRest(rest)).toEqual({ tables });
});
