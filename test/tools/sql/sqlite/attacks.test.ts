import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueryResult } from '../../../../src/tools/sql/guarded-database.ts';
import { ToolError } from '../../../../src/tools/tool.ts';
import { canary, hiddenAmount, ShopDatabase } from './shop-database.ts';

let shop: ShopDatabase;
beforeAll(() => {
  shop = new ShopDatabase();
});
afterAll(async () => await shop.close());

/** What came of a statement: the result, or the refusal. */
async function outcome(sql: string): Promise<QueryResult | string> {
  try {
    return await shop.query(sql);
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
}

const ssn = /customers\.ssn is not permitted/;
const salaries = /The table salaries is not permitted/;
const refusedWord = (word: string): RegExp => new RegExp(`^${word} is not permitted`);

/** Refused with an error that names what is closed. */
const refused: [attack: string, sql: string, message: RegExp][] = [
  ['a closed column', 'select ssn from customers', ssn],
  ['a closed column by its table', 'select customers.ssn from customers', ssn],
  ['a closed column by an alias', 'select c.ssn from customers c', ssn],
  ['a closed column in another case', 'SELECT SsN FROM CuStOmErS', ssn],
  ['a closed column in quotes', 'select "ssn" from "customers"', ssn],
  ['a closed column in brackets', 'select [ssn] from [customers]', ssn],
  ['a closed column in backticks', 'select `ssn` from `customers`', ssn],
  ['a closed column between comments', 'select/**/ssn/*x*/from--\ncustomers', ssn],
  ['where', `select name from customers where ssn like '%1'`, ssn],
  ['order by', 'select name from customers order by ssn', ssn],
  ['group by', 'select count(*) from customers group by ssn', ssn],
  ['having', 'select city from customers group by city having max(ssn) > 1', ssn],
  ['count(column)', 'select count(ssn) from customers', ssn],
  ['count(distinct column)', 'select count(distinct ssn) from customers', ssn],
  ['exists', `select 1 where exists (select 1 from customers where ssn is not null)`, ssn],
  ['case', `select case when ssn > 'a' then 1 else 0 end from customers`, ssn],
  ['a window', 'select row_number() over (order by ssn) from customers', ssn],
  ['filter', `select count(*) filter (where ssn = 'x') from customers`, ssn],
  ['join using', `select count(*) from customers join (select 'x' as ssn) using (ssn)`, ssn],
  ['join on', `select 1 from customers c join (select 'x' as s) x on c.ssn = x.s`, ssn],
  ['limit', 'select 1 from customers limit (select length(ssn) from customers)', ssn],
  ['a subquery', 'select (select ssn from customers limit 1)', ssn],
  ['a correlated subquery', 'select (select c.ssn) from customers c', ssn],
  ['in', `select 1 where 'x' in (select ssn from customers)`, ssn],
  ['a common table expression', 'with x as (select ssn from customers) select * from x', ssn],
  ['renamed columns', 'with x(a) as (select ssn from customers) select a from x', ssn],
  ['a set operation', 'select name from customers union all select ssn from customers', ssn],
  ['intersect', `select 'x' intersect select ssn from customers`, ssn],
  ['except', 'select name from customers except select ssn from customers', ssn],
  ['json of a column', "select json_object('a', ssn) from customers", ssn],
  ['a row value', `select (name, ssn) = ('a', 'b') from customers`, ssn],
  ['a closed column of a filtered table', 'select margin from orders', /orders\.margin is not permitted/],
  ['a column with a strange name', 'select "se""cret" from "odd ""name"', /se"cret is not permitted/],
  ['a closed table', 'select * from salaries', salaries],
  ['count(*) of a closed table', 'select count(*) from salaries', salaries],
  ['a constant from a closed table', 'select 1 from salaries', salaries],
  ['a closed table in exists', 'select exists (select 1 from salaries)', salaries],
  ['a closed table in a join', 'select name from customers, salaries', salaries],
  ['NATURAL JOIN with a closed table', 'select 1 from customers natural join salaries', salaries],
  [
    'USING with a closed table',
    `select 1 from salaries join (select ${hiddenAmount} as amount) using (amount)`,
    salaries,
  ],
  ['a closed table by its schema', 'select * from temp.salaries', salaries],
  ['a closed table in main', 'select * from main.salaries', /no such table: main\.salaries/],
  ['a filtered table in main', 'select * from main.orders', /no such table: main\.orders/],
  ['a view over a closed column', 'select name from v_customers', ssn],
  ['a view over a closed table', 'select * from v_salaries', salaries],
  ['a view that counts a closed table', 'select n from v_count', salaries],
  ['a view over a filtered table', 'select * from v_orders', /The table orders is not permitted/],
  [
    'a view through a common table expression',
    'with v_names as (select ssn from v_customers) select * from v_names',
    ssn,
  ],
  [
    'a common table expression named like a view',
    'with v_names as (select amount from salaries) select * from v_names',
    salaries,
  ],
  [
    'a common table expression named like a table',
    'with customers as (select amount from salaries) select * from customers',
    salaries,
  ],
  ['sqlite_master', 'select sql from sqlite_master', /sqlite_master is not permitted/],
  ['sqlite_schema', 'select count(*) from "sqlite_schema"', /sqlite_schema is not permitted/],
  ['sqlite_temp_master', 'select * from temp.sqlite_temp_master', /sqlite_temp_master is not permitted/],
  ['sqlite_master as a string', `select * from 'sqlite_master'`, /sqlite_master is not permitted/],
  [
    'sqlite_sequence',
    `select 1 from sqlite_sequence join (select 1 as seq) using (seq)`,
    /sqlite_sequence is not/,
  ],
  ['dbstat', 'select * from dbstat', /dbstat is not permitted/],
  [
    'dbstat with USING',
    `select 1 from dbstat join (select 'x' as name) using (name)`,
    /dbstat is not permitted/,
  ],
  ['a pragma as a table', `select * from pragma_database_list`, /pragma_database_list is not permitted/],
  [
    'a pragma in brackets',
    `select * from [pragma_table_info]('customers')`,
    /pragma_table_info is not permitted/,
  ],
  ['PRAGMA', 'pragma table_info(customers)', refusedWord('PRAGMA')],
  ['ATTACH', `attach '/etc/passwd' as p`, refusedWord('ATTACH')],
  ['DETACH', 'detach temp', refusedWord('DETACH')],
  ['VACUUM INTO', `vacuum into '/tmp/copy.db'`, refusedWord('VACUUM')],
  ['INSERT', `insert into customers values (1)`, refusedWord('INSERT')],
  ['UPDATE', `update customers set name = 'x'`, refusedWord('UPDATE')],
  ['DELETE', 'delete from customers', refusedWord('DELETE')],
  ['REPLACE', 'replace into customers values (1)', refusedWord('REPLACE')],
  ['DROP', 'drop view customers', refusedWord('DROP')],
  ['CREATE', 'create temp view x as select * from customers', refusedWord('CREATE')],
  ['ALTER', 'alter table customers rename to x', refusedWord('ALTER')],
  ['BEGIN', 'begin', refusedWord('BEGIN')],
  ['COMMIT', 'commit', refusedWord('COMMIT')],
  ['EXPLAIN', 'explain select * from customers', refusedWord('EXPLAIN')],
  ['EXPLAIN QUERY PLAN', 'explain query plan select * from customers', refusedWord('EXPLAIN')],
  ['TABLE t', 'table customers', refusedWord('TABLE')],
  ['COPY', `copy customers to '/tmp/x'`, refusedWord('COPY')],
  ['SET ROLE', 'set role admin', refusedWord('SET')],
  ['PREPARE', 'prepare x as select 1', refusedWord('PREPARE')],
  [
    'a common table expression that writes',
    'with x as (select 1) delete from customers',
    /DELETE|not permitted|no such|cannot modify/,
  ],
  [
    'a common table expression with a writing body',
    'with x as (delete from customers returning *) select * from x',
    /syntax error/,
  ],
  ['several statements', 'select 1; select 2', /Only one statement/],
  ['a second statement after a comment', 'select 1; -- x\n drop table customers', /Only one statement/],
  ['load_extension', `select load_extension('x')`, /load_extension is not permitted/],
  ['readfile', `select readfile('/etc/passwd')`, /no such function: readfile|not permitted/],
  ['writefile', `select writefile('/tmp/x', 'y')`, /no such function: writefile|not permitted/],
  ['fts3_tokenizer', `select fts3_tokenizer('simple')`, /fts3_tokenizer|not permitted/],
  ['sqlite_version', 'select sqlite_version()', /sqlite_version is not permitted/],
  ['a large value', 'select zeroblob(1000000000)', /zeroblob is not permitted/],
  ['a large text', `select printf('%1000000000d', 1)`, /printf is not permitted/],
  ['a function through a window', `select sqlite_source_id() from customers`, /not permitted/],
  ['query_to_xml', `select query_to_xml('select * from salaries', true, true, '')`, /no such function/],
  ['set_config', `select set_config('role', 'admin', false)`, /no such function/],
  ['pg_sleep', 'select pg_sleep(10)', /no such function/],
  ['pg_read_file', `select pg_read_file('/etc/passwd')`, /no such function/],
  ['dblink', `select * from dblink('x', 'y')`, /no such table/],
  ['information_schema', 'select * from information_schema.tables', /no such table/],
  ['pg_catalog', 'select * from pg_catalog.pg_tables', /no such table/],
  ['a regclass cast', `select 'salaries'::regclass`, /unrecognized token|syntax error/],
  ['a whole row', 'select c from customers c', /no such column/],
  ['a field of a whole row', 'select (c).ssn from customers c', /syntax error/],
  ['renamed columns of a table', 'select d from customers c(a, b, d)', /syntax error/],
  ['only (t)', 'select * from only (customers)', /syntax error|no such/],
  ['rowid', 'select rowid from customers', /no such column: rowid/],
  ['a NUL', 'select 1\0; select 2', /NUL/],
  ['a long statement', `select ${'1+'.repeat(11_000)}1`, /longer than/],
  ['nothing', ' ', /only one SELECT/],
  ['an index by its name', 'select name from customers indexed by by_ssn', /no such index|not permitted/],
];

/** Not refused, but without anything that is closed. */
const harmless: [attack: string, sql: string, rows: unknown[][]][] = [
  [
    'select *',
    'select * from customers order by id',
    [
      ['C-7', 'Ada', 'Berlin'],
      ['C-9', 'Bob', 'Paris'],
    ],
  ],
  ['t.*', "select c.* from customers c where id = 'C-7'", [['C-7', 'Ada', 'Berlin']]],
  ['count(*)', 'select count(*) from customers', [[2]]],
  ['count(*) of a filtered table', 'select count(*) from orders', [[2]]],
  ['a filtered table by its schema', 'select id from temp.orders order by id', [[1], [2]]],
  [
    'a filter that is undone',
    `select id from orders where 1 = 1 or customer_id = 'C-9' order by id`,
    [[1], [2]],
  ],
  ['a filtered row by its key', 'select status from orders where id = 3', []],
  [
    'an error that would tell about a hidden row',
    `select id from orders where case when status = 'CANARY-row' then abs(-9223372036854775808) else 1 end order by id`,
    [[1], [2]],
  ],
  ['a self join', 'select count(*) from orders a join orders b', [[4]]],
  ['NATURAL JOIN on what is open', 'select count(*) from customers natural join v_names', [[2]]],
  [
    'a union with its own columns',
    'select * from customers union select * from customers order by 1 limit 1',
    [['C-7', 'Ada', 'Berlin']],
  ],
  [
    'a common table expression that shadows',
    'with salaries(amount) as (values (1)) select amount from salaries',
    [[1]],
  ],
  ['a string that looks like a statement', `select 'a; drop table x -- ' as s`, [['a; drop table x -- ']]],
  ['a view of open columns', 'select * from v_names order by 1', [['Ada'], ['Bob']]],
  ['a table function', `select value from json_each('[1,2]')`, [[1], [2]]],
  ['one statement with its end', 'select 1 ; -- done', [[1]]],
  ['a number that JavaScript rounds', 'select 9007199254740993', [['9007199254740993']]],
];

describe('what is closed stays closed', () => {
  test.each(refused)('%s', async (_attack, sql, message) => {
    const said = await outcome(sql);
    expect(said).toMatch(message);
    // The canary may stand in no error either, nor the hidden name of the attached file.
    expect(said).not.toMatch(new RegExp(`${canary}|${hiddenAmount}|b[0-9a-f]{32}`));
  });

  test.each(harmless)('%s', async (_attack, sql, rows) => {
    expect(await outcome(sql)).toMatchObject({ rows, truncated: false });
  });
});

test('says what a statement read', async () => {
  const result = await shop.query(
    `with mine as (select * from orders) select c.name, count(*) n from Customers c join mine m on m.customer_id = c.id group by c.name`,
  );
  expect(result).toMatchObject({
    columns: ['name', 'n'],
    rows: [['Ada', 2]],
    tablesAccessed: ['customers', 'orders'],
    columnsAccessed: expect.arrayContaining(['customers.id', 'customers.name', 'orders.customer_id']),
  });
});

test('values are bound, never pasted', async () => {
  const value = `x' or '1' = '1`;
  expect(
    await shop.query('select :v as v, :unset as u', { parameters: { v: value, unset: null, other: 1 } }),
  ).toMatchObject({ rows: [[value, null]] });
});
