import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashKey } from '../../src/auth/api-keys.ts';
import { startServer, type LocalServer } from '../auth/jwks-server.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { status, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.ts';
import { providedValuesUri, testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { post, rpc, type RpcAnswer } from '../support/rpc.ts';
import { storeKeys } from '../support/stored-keys.ts';

/** Random, so that whatever holds it holds the secret, however it is quoted or encoded around it. */
const canary = `canary${randomBytes(12).toString('hex')}`;
/** What JSON and URLs write differently stands around it. */
const secret = `t/"${canary}"\\+=é`;
/** Refused for its type, and still a secret. */
const illTyped = { deep: [canary] };
const modelKey = `model-${randomBytes(12).toString('hex')}`;

let model: ModelServer;
let shop: LocalServer;
let dataDir: string;
let apiKey: string;
let gateway: TestGateway;
/** All that callers got to see: headers, bodies, frames. */
const answers: string[] = [];
const shopTokens: string[] = [];

beforeAll(async () => {
  model = await startModelServer(reply);
  // A service that gives back what it was sent, in an answer as well as in an error.
  shop = await startServer((request, response) => {
    const sent = request.headers.authorization ?? '';
    shopTokens.push(sent);
    const bare = sent.replace('Bearer ', '');
    response.writeHead(request.url === '/orders/500' ? 500 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ sent, bare, url: encodeURIComponent(bare) }));
  });
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-canary-'));
  ({ caller: apiKey } = await storeKeys(dataDir, { caller: { user: { role: 'manager' } } }));
  const env = { ...modelEnv(model.baseUrl), OPENAI_API_KEY: modelKey };
  gateway = await startGateway({ files: { 'desk.yaml': desk(shop.url) }, env, dataDir });
  for (const version of testVersions) await useEverything(version);
  await useLegacyAnswer();
  await gateway.stop();
});

afterAll(async () => {
  await Promise.all([model.close(), shop.close()]);
  await rm(dataDir, { recursive: true });
});

function desk(shopUrl: string): object {
  return agentFile('desk', {
    contextVariables: [
      { name: 'customer', schema: { type: 'string' } },
      { name: 'shop_token', schema: { type: 'string' }, secret: true },
    ],
    tools: [
      {
        name: 'find_order',
        type: 'http',
        method: 'GET',
        url: `${shopUrl}/orders/{number}`,
        parameters: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] },
        headers: { Authorization: { context: 'shop_token', prefix: 'Bearer ' } },
      },
    ],
    responseSchema: { type: 'object', properties: { state: { type: 'string' } }, required: ['state'] },
  });
}

/** One good call of the tool and one that fails; a provider that quotes the key which it refuses. */
function reply({ body }: RecordedRequest): Reply {
  if (body.messages.some(({ content }) => content === 'Fail.')) {
    return status(400, { error: { message: `Incorrect API key provided: ${modelKey}` } });
  }
  if (body.response_format) return text('{"state":"sent"}');
  if (body.messages.some(({ role }) => role === 'tool')) return text('It is on its way.');
  return toolCalls([
    { name: 'find_order', arguments: { number: 7 } },
    { name: 'find_order', arguments: { number: 500 } },
  ]);
}

async function ask(
  version: TestVersion,
  method: string,
  params: unknown,
  activate: boolean,
): Promise<string> {
  const response = await post(gateway.url, 'desk', rpc(method, params), {
    authorization: `SSWS ${apiKey}`,
    headers: {
      'A2A-Version': version.version,
      ...(activate && { [version.extensionsHeader]: providedValuesUri }),
    },
  });
  return await seen(response);
}

async function seen(response: Response): Promise<string> {
  const body = await response.text();
  answers.push(JSON.stringify([...response.headers]), body);
  return body;
}

/** Every operation of a version that could show a value again. */
async function useEverything(version: TestVersion): Promise<void> {
  const parts = (value: unknown, words = 'Where is my order?'): object[] => [
    version.text(words),
    version.data({ customer: 'Ada', shop_token: value }, providedValuesUri),
  ];
  const params = version.params(parts(secret));
  const sent = JSON.parse(await ask(version, version.send, params, true)) as RpcAnswer;
  const { id } = version.task(sent);
  await ask(version, version.send, params, true);
  await ask(version, version.send, version.params(parts('something else'), params.message), true);
  await ask(version, version.stream, version.params(parts(secret)), true);
  await ask(version, version.stream, version.params(parts(secret)), false);
  await ask(version, version.send, version.params(parts(illTyped)), true);
  await ask(version, version.send, version.params(parts(illTyped)), false);
  await ask(
    version,
    version.send,
    version.params([version.text('Hi'), version.data(secret, providedValuesUri)]),
    true,
  );
  await ask(version, version.stream, version.params(parts(secret, 'Fail.')), true);
  await ask(version, version.get, { id }, true);
  await ask(version, 'ListTasks', { includeArtifacts: true }, true);
  await ask(version, version.cancel, { id }, true);
}

async function useLegacyAnswer(): Promise<void> {
  const questions: readonly { words: string; value: unknown }[] = [
    { words: 'Where is my order?', value: secret },
    { words: 'Where is my order?', value: illTyped },
    { words: 'Fail.', value: secret },
  ];
  for (const { words, value } of questions) {
    const query = `userText=${encodeURIComponent(words)}&properties=include_probe=true`;
    const response = await fetch(`${gateway.url}/api/v1/agents/desk/answer?${query}`, {
      method: 'POST',
      headers: { Authorization: `Token ${apiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ contextValues: { customer: 'Ada', shop_token: value } }),
    });
    await seen(response);
  }
}

/** Every column of every table, and the files as they lie there. */
async function stored(): Promise<string> {
  const database = new DatabaseSync(join(dataDir, 'a2a-gateway.db'));
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.map(({ name }) => database.prepare(`SELECT * FROM "${String(name)}"`).all());
  database.close();
  const names = await readdir(dataDir);
  const files = await Promise.all(names.map((name) => readFile(join(dataDir, name), 'latin1')));
  return JSON.stringify(rows) + files.join('\n');
}

/** Counted, because a failure that printed the whole store would help nobody. */
function hits(text: string, wanted: string): number {
  return text.split(wanted).length - 1;
}

describe('a secret context value', () => {
  test('reached the service that it is for', () => {
    // Two calls of the tool in each of: send, stream (of both versions), legacy answer.
    expect(shopTokens.filter((token) => token === `Bearer ${secret}`)).toHaveLength(10);
  });

  test('is in no answer, frame, task or probe', () => {
    const all = answers.join('\n');
    expect(all).toContain('"probe"');
    expect(all).toContain('[redacted]');
    expect(all).toContain('DW_STATUS_UPDATE');
    expect(hits(all, canary)).toBe(0);
  });

  test('was sent to no model', () => {
    const bodies = JSON.stringify(model.requests.map(({ body }) => body));
    expect(bodies).toContain('Where is my order?');
    expect(bodies).toContain('Ada');
    expect(hits(bodies, canary)).toBe(0);
  });

  test('is in no log line', () => {
    expect(gateway.logged()).toContain('/a2a/desk');
    expect(hits(gateway.logged(), canary)).toBe(0);
  });

  test('is in no column and no byte of the store', async () => {
    const all = await stored();
    expect(hits(all, 'sealedSecrets')).toBeGreaterThan(0);
    expect(hits(all, '[redacted]')).toBeGreaterThan(0);
    expect(hits(all, canary)).toBe(0);
  });
});

test('keys are in no log, answer or store; of a stored API key there is its hash', async () => {
  const all = await stored();
  expect(hits(all, hashKey(apiKey))).toBeGreaterThan(0);
  expect(model.requests[0]?.headers.authorization).toBe(`Bearer ${modelKey}`);
  for (const key of [apiKey, adminKey, modelKey]) {
    expect([gateway.logged(), answers.join('\n'), all].map((text) => hits(text, key))).toEqual([0, 0, 0]);
  }
});
