import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SourcePermissions } from '../../../../src/agents/data-permissions.ts';
import type { FileSource } from '../../../../src/tools/data-source.ts';
import { resolveAccess } from '../../../../src/tools/sql/permissions.ts';
import { ChildPool } from '../../../../src/tools/sql/sqlite/child-pool.ts';
import { FileDatabase } from '../../../../src/tools/sql/sqlite/file-database.ts';

let folder: string;
let pool: ChildPool;
const opened: FileDatabase[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
  pool = new ChildPool({ size: 2, maxWaiting: 100 });
});
afterAll(async () => {
  await pool.close();
  await Promise.all(opened.map(async (database) => await database.close()));
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function open(type: FileSource['type'], path: string): FileDatabase {
  const database = new FileDatabase({ id: 'files', type, path }, pool);
  opened.push(database);
  return database;
}

async function rowsOf(database: FileDatabase, sql: string, tables: SourcePermissions['tables']) {
  const access = resolveAccess({ tables }, {});
  const limits = { maxRows: 100, timeoutMs: 10_000, signal: new AbortController().signal };
  return (await database.query({ sql, parameters: {}, access, ...limits })).rows;
}

describe('CSV', () => {
  test('types are those of all values of a column', async () => {
    const csv = `id,zip,price,note,count
1,00700,1.5,"a, ""b""
c",3
2,12345,-2,,
9007199254740993,1,0.25,x,4
`;
    const database = open('csv', write('items.csv', csv));
    expect(
      await rowsOf(database, 'select id, zip, price, note, count, typeof(price), typeof(id) from items', {
        items: {},
      }),
    ).toEqual([
      ['1', '00700', 1.5, 'a, "b"\nc', 3, 'real', 'text'],
      ['2', '12345', -2, null, null, 'real', 'text'],
      ['9007199254740993', '1', 0.25, 'x', 4, 'real', 'text'],
    ]);
  });

  test('a folder is a table for each file, and its columns can be closed', async () => {
    const many = join(folder, 'many');
    mkdirSync(many);
    writeFileSync(join(many, 'people.csv'), '\uFEFFid,ssn\n1,CANARY\n');
    writeFileSync(join(many, '2024 sales.csv'), 'id,amount\n1,5\n');
    writeFileSync(join(many, 'notes.txt'), 'no table');
    const database = open('csv', many);
    const tables = { people: { deny: ['ssn'] }, _2024_sales: {} };
    expect(await rowsOf(database, 'select * from people join _2024_sales using (id)', tables)).toEqual([
      [1, 5],
    ]);
    await expect(rowsOf(database, 'select ssn from people', tables)).rejects.toThrow(
      /people\.ssn is not permitted/,
    );
  });

  test('is loaded again when the file changes, also after it was broken', async () => {
    const path = write('prices.csv', 'p\n1\n');
    const database = open('csv', path);
    const read = async () => await rowsOf(database, 'select p from prices', { prices: {} });
    expect(await read()).toEqual([[1]]);
    writeFileSync(path, 'p\n2\n');
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect(await read()).toEqual([[2]]);
    writeFileSync(path, 'p\n"CANARY');
    await expect(read()).rejects.toThrow(/^prices\.csv cannot be loaded: it is not valid CSV \(CSV_/);
    writeFileSync(path, 'p\n3\n4\n');
    expect(await read()).toEqual([[3], [4]]);
  });

  test.each([
    ['', /it has no header line/],
    ['a,b\n1\n', /not valid CSV \(CSV_RECORD_INCONSISTENT_FIELDS_LENGTH, line 2\)/],
    ['a,a\n1,2\n', /duplicate column name: a/],
  ])('%j says what is wrong', async (csv, message) => {
    const database = open('csv', write('broken.csv', csv));
    await expect(rowsOf(database, 'select 1', { broken: {} })).rejects.toThrow(message);
  });
});

describe('JSON', () => {
  test('a list of objects is a table of all their fields', async () => {
    const content = [
      { id: 1, tags: ['a', 'b'], ok: true },
      { id: 2, extra: { deep: 1 } },
      { id: 2.5, ok: null },
    ];
    const database = open('json', write('things.json', JSON.stringify(content)));
    expect(await rowsOf(database, 'select id, tags, ok, extra from things', { things: {} })).toEqual([
      [1, '["a","b"]', 1, null],
      [2, null, null, '{"deep":1}'],
      [2.5, null, null, null],
    ]);
  });

  test.each([
    ['{"a": 1}', /not a list of objects/],
    ['[1, 2]', /not a list of objects/],
    ['[CANARY', /things2\.json cannot be loaded: it is not valid JSON\.$/],
    ['[]', /no columns/],
  ])('%s says what is wrong', async (json, message) => {
    const database = open('json', write('things2.json', json));
    await expect(rowsOf(database, 'select 1', { things2: {} })).rejects.toThrow(message);
  });
});

describe('an SQL script', () => {
  test('makes a database', async () => {
    const script = `BEGIN; CREATE TABLE t (a); INSERT INTO t VALUES (1); COMMIT; CREATE VIEW v AS SELECT a + 1 AS b FROM t;`;
    const database = open('sqlite', write('script.sql', script));
    expect(await rowsOf(database, 'select a, b from t, v', { t: {}, v: {} })).toEqual([[1, 2]]);
  });

  test('that does not run says why', async () => {
    const database = open('sqlite', write('wrong.sql', 'CREATE TABEL t (a)'));
    await expect(rowsOf(database, 'select 1', {})).rejects.toThrow(/^wrong\.sql does not run: near "TABEL"/);
  });
});

test('a file that is no database, or gone, is said to be so', async () => {
  const database = open(
    'sqlite',
    write('text.db', 'this is no database, only some text that is long enough'),
  );
  await expect(rowsOf(database, 'select 1', {})).rejects.toThrow(/cannot be opened|not a database/);
  await expect(rowsOf(open('sqlite', join(folder, 'gone.db')), 'select 1', {})).rejects.toThrow(
    /cannot be opened/,
  );
  await expect(rowsOf(open('csv', join(folder, 'gone.csv')), 'select 1', {})).rejects.toThrow(
    /cannot be read/,
  );
});
