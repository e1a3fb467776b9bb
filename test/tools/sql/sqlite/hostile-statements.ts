import { constant, constantFrom, oneof, tuple, type Arbitrary } from 'fast-check';

/** Something that a statement reads from, and the columns that it may ask of it; not all of them are there. */
interface Relation {
  sql: string;
  columns: readonly string[];
}

interface TableNames {
  name: string;
  open: readonly string[];
  closed: readonly string[];
}

const openTables: readonly TableNames[] = [
  { name: 'customers', open: ['id', 'name', 'city'], closed: ['ssn', 'email', 'rowid'] },
  { name: 'orders', open: ['id', 'customer_id', 'status', 'total'], closed: ['margin'] },
  { name: 'odd "name', open: ['sp ace'], closed: ['se"cret'] },
  { name: 'v_names', open: ['name'], closed: ['ssn'] },
];
const closedTables: readonly TableNames[] = [
  { name: 'salaries', open: ['amount', 'employee'], closed: [] },
  { name: 'v_customers', open: ['id', 'ssn'], closed: [] },
  { name: 'v_orders', open: ['id', 'status'], closed: [] },
  { name: 'v_salaries', open: ['amount'], closed: [] },
  { name: 'v_count', open: ['n'], closed: [] },
  { name: 'sqlite_master', open: ['sql', 'name'], closed: [] },
  { name: 'sqlite_sequence', open: ['seq'], closed: [] },
];

/** Names that are tables, too, or only look like something else. */
const words = [
  'x',
  'customers',
  'orders',
  'salaries',
  'v_names',
  'ſsn',
  'ünï code',
  'temp',
  'main',
  'se"cret',
];

/** The same name in another spelling: case, quotes, comments around it. */
function spelt(name: string): Arbitrary<string> {
  const doubled = `"${name.replaceAll('"', '""')}"`;
  const plain = /^\w+$/.test(name) ? [name, name.toUpperCase(), `/**/${name}/*'*/`, `${name}--"\n`] : [];
  return constantFrom(doubled, `[${name}]`, `\`${name}\``, ...plain);
}

function pick<T>(...weighted: [weight: number, arbitrary: Arbitrary<T>][]): Arbitrary<T> {
  return oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

const schema = pick<string>([8, constant('')], [2, constant('temp.')], [1, constant('main.')]);

/** A name that is nowhere else in the statement, because the place where it stands is in it. */
const aliasAt = (path: string): Arbitrary<string> =>
  constantFrom(...words).chain((word) => spelt(path === '' ? word : `${word} ${path}`));

const table = (path: string): Arbitrary<Relation> =>
  pick([12, constantFrom(...openTables)], [1, constantFrom(...closedTables)]).chain(
    ({ name, open, closed }) =>
      tuple(
        schema,
        spelt(name),
        aliasAt(path),
        pick([8, constant(open)], [1, constant([...open, ...closed])]),
      ).chain(([of, written, alias, names]) =>
        tuple(...names.map(spelt)).map((columns) => ({
          sql: `${of}${written} as ${alias}`,
          columns: columns.map((column) => `${alias}.${column}`),
        })),
      ),
  );

function relation(depth: number, path: string): Arbitrary<Relation> {
  if (depth <= 0) return table(path);
  const pair = tuple(relation(depth - 1, `${path}l`), relation(depth - 1, `${path}r`));
  const join = constantFrom(' join ', ' left join ', ', ', ' natural join ', ' cross join ');
  const subquery = tuple(query(depth - 1, `${path}q`), aliasAt(path)).map(([inner, alias]) => ({
    sql: `(${inner}) as ${alias}`,
    columns: [`${alias}.v`],
  }));
  const guess = constantFrom(
    ['ssn', `'CANARY-ssn-1'`],
    ['amount', '987654321'],
    ['margin', '987654321'],
    ['id', `'C-7'`],
  );
  return pick(
    [4, table(path)],
    [2, subquery],
    [2, tuple(pair, join).map(([[one, other], by]) => both(one, by, other))],
    [
      1,
      tuple(table(path), guess).map(([{ sql, columns }, [name, value]]) => ({
        sql: `${sql} join (select ${value} as ${name}) as guess using (${name})`,
        columns,
      })),
    ],
  );
}

function both(one: Relation, by: string, other: Relation): Relation {
  return { sql: `${one.sql}${by}${other.sql}`, columns: [...one.columns, ...other.columns] };
}

const around = ['', '', 'max', 'count', 'hex', 'upper', 'quote', 'count(distinct'];

function valueOf({ columns }: Relation): Arbitrary<string> {
  const column = constantFrom(...columns);
  const called = tuple(constantFrom(...around), column).map(([name, argument]) => {
    if (name === '') return argument;
    return name.includes('(') ? `${name} ${argument})` : `${name}(${argument})`;
  });
  return pick(
    [8, called],
    [1, column.map((name) => `row_number() over (order by ${name})`)],
    [1, column.map((name) => `case when ${name} = 'CANARY-row' then json('{') else 1 end`)],
    [1, constantFrom('count(*)', '1')],
  );
}

/** What may follow the tables. */
function tailOf(of: Relation, depth: number, path: string): Arbitrary<string> {
  const column = constantFrom(...of.columns);
  const inner = query(depth - 1, `${path}w`);
  return pick(
    [6, constant('')],
    [1, column.map((name) => ` where ${name} is not null or 1 = 1`)],
    [1, column.map((name) => ` where ${name} like '%CANARY%'`)],
    [1, column.map((name) => ` group by ${name} having count(*) > 0`)],
    [
      1,
      column.map(
        (name) => ` where abs(case when ${name} = 'CANARY-row' then -9223372036854775808 else 1 end) = 1`,
      ),
    ],
    [1, inner.map((sql) => ` where exists (${sql})`)],
    [1, tuple(column, inner).map(([name, sql]) => ` where ${name} in (${sql})`)],
  );
}

/** A query with one column, `v`. */
function query(depth: number, path: string): Arbitrary<string> {
  const plain = relation(depth, path).chain((of) =>
    tuple(valueOf(of), tailOf(of, depth, path)).map(
      ([value, tail]) => `select ${value} as v from ${of.sql}${tail}`,
    ),
  );
  if (depth <= 0) return plain;
  const inner = query(depth - 1, `${path}i`);
  const set = constantFrom('union', 'union all', 'except', 'intersect');
  return pick(
    [5, plain],
    [1, tuple(plain, set, inner).map(([one, by, other]) => `${one} ${by} select v from (${other})`)],
    [1, tuple(aliasAt(''), inner, plain).map(([name, first, last]) => `with ${name} as (${first}) ${last}`)],
    [
      1,
      tuple(aliasAt(''), constantFrom('ssn', 'amount', 'w'), inner).map(
        ([name, as, first]) => `with ${name}(${as}) as (${first}) select ${as} as v from ${name}`,
      ),
    ],
    [1, tuple(valueOf({ sql: '', columns: ['1'] }), inner).map(([, sql]) => `select (${sql} limit 1) as v`)],
  );
}

/** Statements that try to read what they may not, some of them not valid for other reasons. */
export const hostileStatement: Arbitrary<string> = pick(
  [6, query(2, '')],
  [1, relation(1, '').map(({ sql }) => `select * from ${sql}`)],
);
