import { describe, expect, test } from '@jest/globals';
import { guardStatement } from '../../../../src/tools/sql/postgres/guarded-statement.ts';
import { parseStatement } from '../../../../src/tools/sql/postgres/parser.ts';
import { forbiddenStatements } from './forbidden-statements.ts';

const permitted = [
  'select 1',
  'values (1, 2), (3, 4)',
  'table t',
  'select distinct on (a) a, b as "B" from t as x(a, b) where a in (1, 2) and not b is null order by b desc nulls last',
  "select count(*), sum(a) filter (where b), string_agg(a, ',' order by a), percentile_cont(0.5) within group (order by a) from t",
  'select row_number() over w, lag(a, 1) over (partition by b order by c rows between 1 preceding and current row) from t window w as (order by a)',
  'select a from t group by grouping sets ((a), rollup (a, b), cube (c), ()) having grouping(a) = 0',
  'select t.*, u.a from t left join u using (a) natural join v cross join lateral (select t.a) w',
  'select * from (t join u on t.a = u.a) as j',
  'with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r',
  'with x as materialized (select 1), y as (table x) select * from y',
  'select (select max(a) from t), exists (select 1), a = any (select 1), a <> all (array[1, 2]) from t',
  "select a->>'x', a #> '{x}', a::numeric(10, 2), cast(b as text[]), (c).d, e[1], e[1:2], row(1, a) from t",
  "select case a when 1 then 'x' else 'y' end, coalesce(a, b), nullif(a, b), greatest(a, b), least(a, b) from t",
  "select extract(year from d), d at time zone 'UTC', interval '1 day', date '2026-01-01', current_date, now() from t",
  "select trim(both 'x' from a), substring(a from 1 for 2), position('a' in b), overlay(a placing b from 1) from t",
  "select a like 'x%', a ilike 'x', a similar to 'x', a ~* 'x', a between 1 and 2, a is distinct from b from t",
  'select a collate "C", a is true, (1, 2) < (3, 4), -a, b\'1\', null, 1.5, true from t',
  "select * from generate_series(1, 3) with ordinality as g(a, n), unnest(array[1], array['x']) as u(b, c)",
  'select a from t union all select a from u except (select a from v limit 1) order by 1 limit 5 offset 2',
  'select a from t where b = 1 limit 3',
  "select $$it's$$, E'\\n', U&'\\0061' from only t",
];

/** Nested as no person writes. */
const deep = (begin: string, end: string): string => `select ${begin.repeat(400)}a${end.repeat(400)}`;

describe('what a statement may be', () => {
  test.each(permitted)('%s', async (sql) => {
    await expect(parseStatement(sql)).resolves.toMatchObject({ text: sql });
  });

  test.each(Object.values(forbiddenStatements).flat())('not $sql', async ({ sql, refused }) => {
    await expect(parseStatement(sql)).rejects.toThrow(/^(The statement|There is no|Only one)/);
    await expect(parseStatement(sql)).rejects.toThrow(refused);
  });

  test.each([deep('not ', ''), deep('abs(', ')'), deep('- ', ''), `select 1${'+1'.repeat(9000)}`])(
    'is not nested without end: %.30s',
    async (sql) => {
      await expect(parseStatement(sql)).rejects.toThrow(/nested too deeply|cannot be parsed/);
      await expect(parseStatement('select 1')).resolves.toBeDefined();
    },
  );
});

describe('the tables that a statement names', () => {
  test.each([
    ['select * from a, (select * from b) x, lateral (select (select 1 from c)) y', ['a', 'b', 'c']],
    ['with a as (select 1) select * from a', []],
    ['with a as (select * from a) select * from a', ['a']],
    ['with recursive a as (select * from a) select * from a', []],
    ['with x as (table b), b as (select 1) select * from b, x', ['b']],
    ['with recursive x as (table b), b as (select 1) select * from b, x', []],
    ['select * from (with a as (select 1) table a) x, a', ['a']],
    ['with a as (select 1) select * from (with b as (table a) select * from b, a) x', []],
    ['with a as (select 1) (table a) union (table b)', ['b']],
    ['select * from a where exists (with a as (select 1) table a)', ['a']],
    ['select * from "A" join U&"\\0061" on true', ['A', 'a']],
  ])('%s', async (sql, tables) => {
    const { reading } = await parseStatement(sql);
    expect([...reading.tables].sort()).toEqual(tables);
  });
});

describe('the guarded statement', () => {
  const table = { name: 'a"b', schema: 's', columns: ['x', 'y"z'], rows: [] };

  test('holds the permitted part of each table, the filters as bound values', async () => {
    const statement = await parseStatement('select x from "a""b" where x = 1; -- end');
    const rows = [{ column: 'o"k', value: "v'" }];
    const tables = [table, { ...table, name: 'c', rows }];
    await expect(guardStatement(statement, tables, { values: [5], rowLimit: 11 })).resolves.toEqual({
      text: [
        'WITH "a""b" AS NOT MATERIALIZED (SELECT "x", "y""z" FROM "s"."a""b"),',
        '"c" AS MATERIALIZED (SELECT "x", "y""z" FROM "s"."c" WHERE "o""k" = $2)',
        'SELECT * FROM (',
        'select x from "a""b" where x = 1',
        ') AS answer LIMIT 11',
      ].join('\n'),
      values: [5, "v'"],
    });
  });

  test('is refused when the text does not mean what was checked', async () => {
    const statement = await parseStatement('select 1');
    const reaching = { ...statement, text: 'select 1) AS x, (select 1' };
    const options = { values: [], rowLimit: 1 };
    await expect(guardStatement(reaching, [], options)).rejects.toThrow(/does not stand alone/);
  });
});
