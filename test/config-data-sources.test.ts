import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sources-'));
  writeFileSync(join(folder, 'shop.csv'), 'id\n1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function sourcesOf(content: string, env: Record<string, string> = {}) {
  const path = join(folder, 'sources.yaml');
  writeFileSync(path, content);
  return readConfig({ AGENT_CARDS_DIR: folder, DATA_SOURCES_FILE: path, ...env }).dataSources;
}

test('relative paths start at the file, passwords come from the environment', () => {
  const content = `
- { id: shop, type: csv, path: shop.csv }
- { id: crm, type: postgres, url: 'postgres://reader@db.example:5432/crm', credentials: { env: CRM_PASSWORD } }
- { id: local, type: postgres, url: 'postgresql:///crm?host=/run/postgresql' }`;
  expect(sourcesOf(content, { CRM_PASSWORD: 'hidden' })).toEqual([
    { id: 'shop', type: 'csv', path: join(folder, 'shop.csv') },
    { id: 'crm', type: 'postgres', url: 'postgres://reader@db.example:5432/crm', password: 'hidden' },
    { id: 'local', type: 'postgres', url: 'postgresql:///crm?host=/run/postgresql' },
  ]);
  expect(sourcesOf('')).toEqual([]);
});

test('without the variable, data/sources.yaml below the folder of agents is read where it exists', () => {
  const agents = join(folder, 'agents');
  mkdirSync(join(agents, 'data'), { recursive: true });
  expect(readConfig({ AGENT_CARDS_DIR: agents }).dataSources).toEqual([]);
  writeFileSync(join(agents, 'data', 'sources.yaml'), '- { id: shop, type: csv, path: ../../shop.csv }');
  expect(readConfig({ AGENT_CARDS_DIR: agents }).dataSources).toEqual([
    { id: 'shop', type: 'csv', path: join(folder, 'shop.csv') },
  ]);
});

test.each([
  ['- { id: a, type: mysql }', /\/0\/type must be equal to one of the allowed values/],
  ['- { id: a, type: csv }', /\/0\/path is required for csv/],
  ['- { id: a, type: csv, path: gone.csv }', /\/0\/path does not exist/],
  ['- { id: a, type: csv, path: shop.csv, url: "postgres://x/y" }', /\/0\/url is only for postgres/],
  ['- { id: a, type: postgres }', /\/0\/url must be postgres:/],
  ['- { id: a, type: postgres, url: "https://db.example" }', /\/0\/url must be postgres:/],
  ['- { id: a, type: postgres, url: "postgres://u@h/d", path: x }', /\/0\/path is not for postgres/],
  ['- { id: a, type: postgres, url: "postgres://u:canary@h/d" }', /\/0\/url must not hold the password/],
  [
    '- { id: a, type: postgres, url: "postgres://u@h/d?password=canary" }',
    /\/0\/url must not hold the password/,
  ],
  [
    '- { id: a, type: postgres, url: "postgres://u@h/d", credentials: canary }',
    /\/0\/credentials must be object/,
  ],
  [
    '- { id: a, type: postgres, url: "postgres://u@h/d", credentials: { env: UNSET } }',
    /variable that is set/,
  ],
  ['- { id: a, type: csv, path: shop.csv }\n- { id: a, type: csv, path: shop.csv }', /\/1\/id is taken/],
  ['- { id: a, type: csv, path: shop.csv, passwort: canary }', /additional properties \(passwort\)/],
  ['- { id: a, type: csv', /is not valid YAML at line 1/],
])('%s stops the start', (content, message) => {
  let error: unknown;
  try {
    sourcesOf(content);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatch(/DATA_SOURCES_FILE/);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain('canary');
});
