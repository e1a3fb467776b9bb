import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { describeWithPostgres, startPostgres, type TestPostgres } from './postgres.ts';

describeWithPostgres('a PostgreSQL for tests', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('answers its administrator, and nobody without the password', async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query('select 1 as one');
    await client.end();
    expect(rows).toEqual([{ one: 1 }]);
    const address = new URL(server.url);
    address.password = 'wrong';
    await expect(new Client({ connectionString: address.href }).connect()).rejects.toThrow(/password/);
  });
});
