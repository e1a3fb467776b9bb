import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import { artifactText, expectWhole, readEvents, seenTask, streamedText } from '../support/run-events.ts';
import { until } from '../support/wait.ts';

const v1 = { headers: { 'A2A-Version': '1.0' } };

let model: ModelServer;
let gateway: TestGateway;
let replies: Reply[] = [];

beforeEach(async () => {
  replies = [];
  model = await startModelServer(() => replies.shift() ?? text('ok'));
});

afterEach(async () => {
  await gateway.stop();
  await model.close();
});

async function start(files: Readonly<Record<string, string | object>>): Promise<void> {
  gateway = await startGateway({ files, env: modelEnv(model.baseUrl) });
}

async function answers(agentId: string): Promise<string> {
  const { result } = await call(gateway.url, agentId, rpc('SendMessage', v1Text('Go')), v1);
  return artifactText(seenTask(result));
}

async function statusOf(agentId: string): Promise<number> {
  return (await post(gateway.url, agentId, rpc('SendMessage', v1Text('Go')), v1)).status;
}

async function revisionOf(agentId: string): Promise<string | undefined> {
  const response = await fetch(`${gateway.url}/api/v1/agents/${agentId}`, {
    headers: { Authorization: `SSWS ${adminKey}` },
  });
  return ((await response.json()) as { revision?: string }).revision;
}

function prompted(prompt: string, more: object = {}): string {
  return stringify(agentFile('changing', { systemPrompt: prompt, ...more }));
}

/** Two mistakes, on lines that can be counted. */
const broken = `schemaVersion: '1'
id: broken
card:
  name: Broken
  description: Has mistakes.
  version: 1.0.0
  skills: [{ id: talk, name: Talk, description: Talks., tags: [] }]
execution:
  systemPrompt: You help {{nobody}}.
  limits: { maxSteps: 3 }
`;

describe('a broken file', () => {
  test('is reported with file, line, path and reason, while the others serve', async () => {
    const wrong = broken.replace('maxSteps: 3', 'maxSteps: many').replace('{{nobody}}', 'people');
    await start({
      'broken.yaml': broken,
      'wrong.yaml': wrong.replace('id: broken', 'id: wrong'),
      'sound.yaml': agentFile('sound'),
    });
    const messages = gateway
      .logged()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { level: string; message: string })
      .filter(({ level }) => level === 'error')
      .map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringMatching(/broken\.yaml:9 execution\.systemPrompt — .*nobody/),
      expect.stringMatching(/wrong\.yaml:10 execution\.limits\.maxSteps — must be /),
    ]);
    expect(await answers('sound')).toBe('ok');
    expect(await statusOf('broken')).toBe(404);
    expect(await statusOf('wrong')).toBe(404);
  });

  test('is picked up as soon as it is repaired', async () => {
    await start({ 'broken.yaml': broken, 'sound.yaml': agentFile('sound') });
    expect(await statusOf('broken')).toBe(404);
    await gateway.write('broken.yaml', broken.replace('{{nobody}}', 'people'));
    await until(async () => (await statusOf('broken')) === 200, { what: 'the repaired agent' });
    expect(await answers('broken')).toBe('ok');
  });

  test('leaves the running revision in place', async () => {
    await start({ 'changing.yaml': prompted('First.') });
    const revision = await revisionOf('changing');
    await gateway.write('changing.yaml', 'schemaVersion: "1"\nid: [oops\n');
    await until(() => /changing\.yaml:\d+ .*— /.test(gateway.logged()), { what: 'the report' });
    expect(await answers('changing')).toBe('ok');
    expect(await revisionOf('changing')).toBe(revision);
  });
});

test('a changed file is a new revision; a task under way keeps its own to the end', async () => {
  const tools = [{ name: 'look', type: 'http', method: 'GET', url: 'http://127.0.0.1:9/never' }];
  await start({ 'changing.yaml': prompted('First.', { tools }) });
  const before = await revisionOf('changing');
  const held = gate();
  replies = [toolCalls([{ name: 'nothing', arguments: {} }], held), text('old ends'), text('new')];
  const old = post(gateway.url, 'changing', rpc('SendStreamingMessage', v1Text('Old')), v1);
  await model.request(0);

  await gateway.write('changing.yaml', prompted('Second.'));
  await until(async () => (await revisionOf('changing')) !== before, { what: 'the new revision' });
  held.open();
  const events = await readEvents(await old);
  expectWhole(events);
  expect(streamedText(events)).toBe('old ends');
  expect(await answers('changing')).toBe('new');

  const prompts = model.requests.map(({ body }) => body.messages[0]?.content);
  expect(prompts).toEqual(['First.', 'First.', 'Second.']);
  expect(model.requests.map(({ body }) => body.tools?.length ?? 0)).toEqual([1, 1, 0]);
});

test('a deleted file takes its agent along: 404 on every door, and a task under way still ends', async () => {
  await start({ 'changing.yaml': prompted('First.'), 'sound.yaml': agentFile('sound') });
  const held = gate();
  replies = [text('so ', held, 'long')];
  const under = post(gateway.url, 'changing', rpc('SendStreamingMessage', v1Text('Go')), v1);
  await model.request(0);
  await rm(join(gateway.folder, 'changing.yaml'));
  await until(async () => (await statusOf('changing')) === 404, { what: 'the agent to be gone' });
  const headers = { Authorization: `SSWS ${adminKey}` };
  const addresses = ['/a2a/changing/.well-known/agent-card.json', '/api/v1/agents/changing'];
  for (const address of addresses) {
    expect((await fetch(`${gateway.url}${address}`, { headers })).status).toBe(404);
  }
  const list = (await (await fetch(`${gateway.url}/api/v1/agents`, { headers })).json()) as {
    agents: { id: string }[];
  };
  expect(list.agents.map(({ id }) => id)).toEqual(['sound']);
  held.open();
  expect(streamedText(await readEvents(await under))).toBe('so long');
});

test('a new file is served without a restart', async () => {
  await start({ 'sound.yaml': agentFile('sound') });
  await gateway.write('changing.yaml', prompted('New.'));
  await until(async () => (await statusOf('changing')) === 200, { what: 'the new agent' });
});
