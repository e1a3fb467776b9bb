import { array, nat, type Arbitrary } from 'fast-check';

/** Real columns, closed ones included. */
const columns: Readonly<Record<string, readonly string[]>> = {
  customers: ['id', 'name', 'country', 'ssn', 'email'],
  orders: ['id', 'customer_id', 'amount', 'status', 'note'],
  products: ['id', 'title', 'price', 'tags'],
  salaries: ['id', 'name', 'amount'],
};

/** Called without parentheses: `(x).ts_stat`. */
const fieldFunctions = [
  'ts_stat',
  'pg_read_file',
  'current_setting',
  'regclass',
  'pg_sleep',
  'to_jsonb',
  'text',
];
/** Of rows that are filtered away, which both logins may read. */
const closedQuery = "'select to_tsvector(''simple'', note) from shop.orders'::text";

type Random = (choices: number) => number;

/** What a name stands for where an expression is written. */
interface Source {
  alias: string;
  names: readonly string[];
}

/** A SELECT of texts in one column, or of everything that its sources have. */
type Shape = 'column' | 'star';

/** Statements over permitted and closed tables and columns in every form that hides them. */
export const generatedStatement: Arbitrary<string> = array(nat({ max: 1_000_000 }), {
  minLength: 60,
  maxLength: 60,
}).map((numbers) => {
  let next = 0;
  const random: Random = (choices) => (numbers[next++ % numbers.length] ?? 0) % choices;
  return new Writer(random).statement();
});

class Writer {
  readonly #random: Random;
  #aliases = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  statement(): string {
    const select = this.#select(3, [], this.#pick(['column', 'column', 'star']));
    return this.#pick([select, `${select} -- shop.salaries`, `${select};`, `/* ssn */ ${select}`]);
  }

  #select(depth: number, scope: readonly Source[], shape: Shape): string {
    if (depth > 0 && this.#random(5) === 0) return this.#with(depth, scope, shape);
    if (depth > 0 && shape === 'column' && this.#random(6) === 0) {
      const operator = this.#pick(['union', 'union all', 'intersect', 'except']);
      const sides = [0, 1].map(() => `(${this.#select(depth - 1, scope, 'column')})`);
      return sides.join(` ${operator} `);
    }
    const first = this.#source(depth, scope);
    const second = this.#random(3) === 0 ? this.#source(depth, scope) : undefined;
    const visible = [first.source, ...(second ? [second.source] : []), ...scope];
    const from = second ? `${first.text} ${this.#join(second.text)}` : first.text;
    const list =
      shape === 'star'
        ? this.#pick([
            '*',
            `${this.#quoted(first.source.alias)}.*`,
            `(${this.#quoted(first.source.alias)}).*`,
          ])
        : `(${this.#expression(depth, visible)})::text as ${this.#pick(['x', 'ssn', 'name', '"Y"'])}`;
    const where = this.#random(3) === 0 ? ` where ${this.#condition(depth, visible)}` : '';
    return `select ${list} from ${from}${where}`;
  }

  #with(depth: number, scope: readonly Source[], shape: Shape): string {
    const name = this.#pick(['x', 'salaries', 'customers', 'orders', 'v_pub']);
    const inner = this.#select(depth - 1, [], 'column');
    const body = this.#select(depth - 1, scope, shape);
    const renamed = this.#pick(['', '(ssn)', '(a)']);
    return `with ${this.#quoted(name)}${renamed} as (${inner}) ${body}`;
  }

  #join(text: string): string {
    const kind = this.#pick([', ', 'natural join ', 'join ', 'left join ', 'cross join lateral ']);
    if (kind.startsWith('join') || kind.startsWith('left')) {
      return kind + text + this.#pick([' using (id)', ' using (ssn)', ' on true']);
    }
    return kind + text;
  }

  #source(depth: number, scope: readonly Source[]): { text: string; source: Source } {
    const alias = this.#pick([`t${++this.#aliases}`, `t${++this.#aliases}`, 'ssn', 'salaries']);
    if (depth > 0 && this.#random(3) === 0) {
      const text = `(${this.#select(depth - 1, scope, this.#pick(['column', 'star']))}) as ${this.#quoted(alias)}`;
      return { text, source: { alias, names: ['x', 'id', 'name', 'ssn'] } };
    }
    const table = this.#pick([
      'customers',
      'customers',
      'orders',
      'orders',
      'products',
      'salaries',
      'x',
      'v_pub',
    ]);
    const names = columns[table] ?? ['x', 'a', 'ssn'];
    const written = this.#pick(['', 'only ']) + this.#quoted(table);
    if (this.#random(5) === 0) {
      const renamed = ['a', 'b', 'ssn', 'd', 'e'].slice(0, 1 + this.#random(5));
      return {
        text: `${written} as ${this.#quoted(alias)}(${renamed.join(', ')})`,
        source: { alias, names: renamed },
      };
    }
    if (this.#random(4) === 0) return { text: written, source: { alias: table, names } };
    return { text: `${written} ${this.#quoted(alias)}`, source: { alias, names } };
  }

  #expression(depth: number, scope: readonly Source[]): string {
    const { alias, names } = this.#pick(scope);
    const column = this.#quoted(this.#pick(names));
    const row = this.#quoted(alias);
    const forms = [
      () => column,
      () => `${row}.${column}`,
      () => `${row}.${column}`,
      () => `(${row}).${column}`,
      () => row,
      () => this.#field(row, column),
      () => this.#field(row, column),
      () => `to_jsonb(${row})`,
      () => `row_to_json(${row})->>'ssn'`,
      () => `row(${row}.*)`,
      () => `coalesce(${row}.${column}::text, 'none')`,
      () => `upper(${row}.${column}::text)`,
      () => `case when ${this.#condition(0, scope)} then ${row}.${column}::text end`,
      () => `array[${row}.${column}]`,
      () => `first_value(${row}.${column}) over (partition by ${row}.${column})`,
      () => `(select string_agg(q.x, ',' order by q.x) from (${this.#inner(depth, scope)}) as q(x))`,
      () => `exists (${this.#inner(depth, scope)})`,
      () => `(select count(*) from (${this.#inner(depth, scope)}) q)`,
    ];
    return this.#pick(forms)();
  }

  /** What is written as a field of a value or a row and calls a function. */
  #field(row: string, column: string): string {
    const name = this.#quoted(this.#pick(fieldFunctions));
    const running = this.#quoted('ts_stat');
    const called = [
      `(${row}.${column}::text).${name}`,
      `${row}.${name}`,
      `(${row}).${name}`,
      `(${closedQuery}).${running}`,
      `((array[${closedQuery}])[1]).${running}`,
      `(select q.${running} from unnest(array[${closedQuery}]) q limit 1)`,
      `(select q.${name} from (select ${closedQuery} as ${name}) q)`,
    ];
    return this.#pick(called);
  }

  #inner(depth: number, scope: readonly Source[]): string {
    return depth > 0 ? this.#select(depth - 1, scope, 'column') : 'select ssn from customers';
  }

  #condition(depth: number, scope: readonly Source[]): string {
    const { alias, names } = this.#pick(scope);
    const column = `${this.#quoted(alias)}.${this.#quoted(this.#pick(names))}`;
    const forms = [
      () => `${column} is not null`,
      () => `${column}::text like '%CAN%'`,
      () => `${column}::text in (${this.#inner(depth, scope)})`,
      () => `length(${column}::text) > 2`,
      () => `(${column}, 1) is distinct from (null, 1)`,
    ];
    return this.#pick(forms)();
  }

  /** The same name in another spelling. */
  #quoted(name: string): string {
    const escaped = Array.from(name)
      .map((letter) => `\\${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
    return this.#pick([name, name, `"${name}"`, name.toUpperCase(), `U&"${escaped}"`]);
  }

  #pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.#random(choices.length)] as Choice;
  }
}
