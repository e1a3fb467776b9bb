import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { post, rpc } from '../support/rpc.ts';
import { until } from '../support/wait.ts';
import { startWebhook, statusOf, type Webhook } from '../support/webhook.ts';

/** Random, so that whatever holds it holds the secret. */
const canary = (name: string): string => `${name}${randomBytes(12).toString('hex')}`;
const secrets = { token: canary('token'), credentials: canary('credentials'), query: canary('query') };

let model: ModelServer;
let webhook: Webhook;
/** Where nobody listens any more. */
let nobody: string;
let dataDir: string;
let gateway: TestGateway;
/** All that callers were answered, except to those who asked for their own configs. */
const answers: string[] = [];

beforeAll(async () => {
  model = await startModelServer(() => text('Hello.'));
  webhook = await startWebhook();
  const closed = await startWebhook();
  await closed.close();
  nobody = closed.url;
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-push-canary-'));
  gateway = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' },
    dataDir,
    pushTimes: { delaysMs: [0, 10], timeoutMs: 5000 },
  });
  for (const version of testVersions) await useEverything(version);
  await useAdministration();
  await gateway.stop();
});

afterAll(async () => {
  await Promise.all([model.close(), webhook.close()]);
  await rm(dataDir, { recursive: true });
});

async function ask(version: TestVersion, method: string, params: unknown): Promise<void> {
  const headers = { 'A2A-Version': version.version };
  const query = '?properties=include_probe=true';
  const response = await post(gateway.url, 'talker', rpc(method, params), { headers, query });
  answers.push(JSON.stringify([...response.headers]), await response.text());
}

/** Tasks that are told to a receiver that takes it, to one that says no, and to addresses that are refused. */
async function useEverything(version: TestVersion): Promise<void> {
  const isV1 = version.version === '1.0';
  const { token, credentials } = secrets;
  const authentication = isV1 ? { scheme: 'Bearer', credentials } : { schemes: ['Bearer'], credentials };
  const address = `${webhook.url}/hook?key=${secrets.query}`;
  const send = async (url: string, method: string): Promise<void> => {
    const config = { url, token, authentication };
    const configuration = isV1
      ? { taskPushNotificationConfig: config }
      : { blocking: true, pushNotificationConfig: config };
    await ask(version, method, { ...version.params([version.text('Hi')]), configuration });
  };
  await send(address, version.send);
  await send(`${nobody}/hook?key=${secrets.query}`, version.stream);
  await send(`http://10.0.0.1/hook?key=${secrets.query}`, version.send);
  await send(`http://${secrets.credentials}@127.0.0.1/hook`, version.send);
  const arrived = webhook.received.length;
  webhook.answerWith(...Array.from({ length: 8 }, () => statusOf(500)));
  await send(address, version.send);
  await webhook.arrived(arrived + 4);
}

async function useAdministration(): Promise<void> {
  const headers = { Authorization: `SSWS ${adminKey}` };
  const listed = async (): Promise<{ dead_letters: { id: string }[]; total: number }> => {
    const response = await fetch(`${gateway.url}/api/v1/push/dead-letters?limit=100`, { headers });
    const body = await response.text();
    answers.push(JSON.stringify([...response.headers]), body);
    return JSON.parse(body) as { dead_letters: { id: string }[]; total: number };
  };
  await until(async () => (await listed()).total >= 8, { what: 'dead letters', timeoutMs: 10_000 });
  const [letter] = (await listed()).dead_letters;
  const redelivery = await fetch(`${gateway.url}/api/v1/push/dead-letters/${letter?.id}/redeliver`, {
    method: 'POST',
    headers,
  });
  answers.push(await redelivery.text());
  for (const path of ['/a2a/talker/.well-known/agent-card.json', '/.well-known/jwks.json', '/health/ready']) {
    answers.push(await (await fetch(`${gateway.url}${path}`)).text());
  }
}

/** Counted, because a failure that printed everything would help nobody. */
function hits(all: string): number {
  return Object.values(secrets).reduce((sum, secret) => sum + all.split(secret).length - 1, 0);
}

test('the secrets of a config reached the receiver that they are for', () => {
  const [first] = webhook.received;
  expect(first?.headers).toMatchObject({
    authorization: `Bearer ${secrets.credentials}`,
    'x-a2a-notification-token': secrets.token,
  });
  expect(first?.path).toContain(secrets.query);
});

test('they are in no answer, card, probe or dead letter', () => {
  const all = answers.join('\n');
  const shown = [
    `"target":"${nobody}/hook"`,
    '"error":"HTTP 500"',
    '"error":"ECONNREFUSED"',
    'url is refused',
  ];
  for (const text of shown) expect([text, all.includes(text)]).toEqual([text, true]);
  expect(hits(all)).toBe(0);
});

test('they are in no log line', () => {
  expect(gateway.logged().includes('A push notification is given up.')).toBe(true);
  expect(hits(gateway.logged())).toBe(0);
});

test('they are in no byte of the store', async () => {
  const names = await readdir(dataDir);
  const files = await Promise.all(names.map((name) => readFile(join(dataDir, name), 'latin1')));
  const all = files.join('\n');
  expect(all.includes(`${nobody}/hook`)).toBe(true);
  expect(hits(all)).toBe(0);
});
