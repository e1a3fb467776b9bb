import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.ts';
import { providedValuesUri, testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { post, rpc } from '../support/rpc.ts';

/** Stands in every closed column and row. */
const canary = `CANARY-${randomBytes(8).toString('hex')}`;
/** A secret context value may filter rows, and is shown to nobody all the same. */
const tenant = `tenant-${randomBytes(8).toString('hex')}`;

const script = `
  CREATE TABLE customers (id TEXT, name TEXT, ssn TEXT, tenant TEXT);
  CREATE TABLE salaries (amount TEXT);
  INSERT INTO customers VALUES ('1', 'Ada', '${canary}', '${tenant}'), ('2', '${canary}', '${canary}', 'other');
  INSERT INTO salaries VALUES ('${canary}');`;

/** What a model tries that somebody has told to leak. */
const attempts = [
  'select * from customers',
  'select ssn from customers',
  `select name from customers where ssn like 'CANARY%'`,
  'select name from customers where 1 = 1 or 1',
  'select * from salaries',
  'with customers as (select amount from salaries) select * from customers',
  'select sql from sqlite_master',
  `attach '/etc/passwd' as x`,
  'select count(*) from customers natural join salaries',
  `select case when name like 'CANARY%' then abs(-9223372036854775808) else 1 end from customers`,
];

const desk = agentFile('desk', {
  contextVariables: [{ name: 'tenant', schema: { type: 'string' }, secret: true }],
  tools: [
    { name: 'ask', type: 'sql', source: 'shop', allowSamples: true },
    {
      name: 'find',
      type: 'sql',
      source: 'shop',
      query: 'select id, name from customers where name = :name',
      parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
  ],
  dataPermissions: {
    shop: {
      tables: { customers: { deny: ['ssn', 'tenant'], rowFilter: { tenant: { context: 'tenant' } } } },
    },
  },
});

let model: ModelServer;
let gateway: TestGateway;
let dataDir: string;
/** All that callers got to see. */
const answers: string[] = [];

beforeAll(async () => {
  model = await startModelServer(reply);
  dataDir = await mkdtemp(join(tmpdir(), 'data-guard-'));
  gateway = await startGateway({
    files: {
      'desk.yaml': desk,
      'data/shop.sql': script,
      'data/sources.yaml': [{ id: 'shop', type: 'sqlite', path: 'shop.sql' }],
    },
    env: modelEnv(model.baseUrl),
    dataDir,
  });
  for (const sql of attempts) {
    for (const version of testVersions) await stream(version, sql);
    await legacyAnswer(sql);
  }
  await gateway.stop();
});

afterAll(async () => {
  await model.close();
  await rm(dataDir, { recursive: true });
});

/** The model does what the user says: it sends the SQL, and a hostile argument to the saved query. */
function reply({ body }: RecordedRequest): Reply {
  const results = body.messages.filter(({ role }) => role === 'tool');
  if (results.length > 0) return text(`I found: ${results.map(({ content }) => content).join('\n')}`);
  const words = body.messages.find(({ role }) => role === 'user')?.content ?? '';
  return toolCalls([
    { name: 'ask', arguments: { sql: words } },
    { name: 'find', arguments: { name: `x' union select ssn, amount from salaries --` } },
  ]);
}

async function stream(version: TestVersion, words: string): Promise<void> {
  const parts = [version.text(words), version.data({ tenant }, providedValuesUri)];
  const response = await post(gateway.url, 'desk', rpc(version.stream, version.params(parts)), {
    headers: { 'A2A-Version': version.version, [version.extensionsHeader]: providedValuesUri },
  });
  answers.push(await response.text());
}

async function legacyAnswer(words: string): Promise<void> {
  const query = `userText=${encodeURIComponent(words)}&properties=include_probe=true`;
  const response = await fetch(`${gateway.url}/api/v1/agents/desk/answer?${query}`, {
    method: 'POST',
    headers: { Authorization: `Token ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ contextValues: { tenant } }),
  });
  answers.push(await response.text());
}

/** Counted, because a failure that printed everything would help nobody. */
function hits(all: string): [canary: number, tenant: number] {
  return [all.split(canary).length - 1, all.split(tenant).length - 1];
}

test('every attempt was answered, the permitted row was found, the closed column was named', () => {
  expect(answers).toHaveLength(attempts.length * 3);
  const all = answers.join('\n');
  expect(all).toContain('Ada');
  expect(all).toContain('The column customers.ssn is not permitted');
  expect(all).toContain('The table salaries is not permitted');
  expect(all).toContain('"probe"');
});

test('nothing that is closed, and no secret, is in an answer, frame or probe', () => {
  expect(hits(answers.join('\n'))).toEqual([0, 0]);
});

test('nor in what a model is told: prompts, tools, results', () => {
  const prompts = JSON.stringify(model.requests.map(({ body }) => body));
  expect(prompts).toContain('table customers');
  expect(prompts).toContain('Ada');
  expect(hits(prompts)).toEqual([0, 0]);
  expect(JSON.stringify(model.requests.map(({ body }) => body.tools))).not.toMatch(/ssn|salaries/);
});

test('nor in the log or in the store', async () => {
  expect(gateway.logged()).toContain('/a2a/desk');
  expect(hits(gateway.logged())).toEqual([0, 0]);
  const names = await readdir(dataDir);
  const files = await Promise.all(names.map(async (name) => await readFile(join(dataDir, name), 'latin1')));
  expect(files.join('\n')).toContain('I found');
  expect(hits(files.join('\n'))).toEqual([0, 0]);
});
