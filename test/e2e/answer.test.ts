import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Probe } from '../../src/runs/probe.ts';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { hang, json, status, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, rpc } from '../support/rpc.ts';
import { startService, type Service } from '../support/service.ts';
import { storeKeys } from '../support/stored-keys.ts';

let model: ModelServer;
let service: Service;
let gateway: TestGateway;
let replies: Reply[] = [];
let dataDir: string;
let keys: Record<'boss' | 'ann', string>;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  service = await startService(({ path }) => ({ body: { path } }));
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-answer-'));
  keys = await storeKeys(dataDir, { boss: { user: { role: 'manager' } }, ann: {} });
  const item = { type: 'object', properties: { item: { type: 'string' } }, required: ['item'] };
  gateway = await startGateway({
    files: {
      'desk.yaml': agentFile('desk', {
        systemPrompt: 'You help {{customer}}.',
        contextVariables: [{ name: 'customer', schema: { type: 'string' }, required: true }],
        tools: [
          {
            name: 'look_up',
            type: 'http',
            method: 'GET',
            url: `${service.url}/items/{item}`,
            parameters: item,
          },
        ],
        responseSchema: { type: 'object', properties: { found: { type: 'boolean' } }, required: ['found'] },
      }),
      'plain.yaml': agentFile('plain', { access: 'public' }),
      'hurried.yaml': agentFile('hurried', { limits: { timeoutSeconds: 1 } }),
    },
    env: modelEnv(model.baseUrl),
    dataDir,
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await service.close();
  await rm(dataDir, { recursive: true });
});

beforeEach(() => {
  replies = [];
});

interface Answer {
  answer: string;
  structuredResponse?: object;
  probe?: Probe;
  error?: { code: string; message: string; details: { fields?: Record<string, string> } };
}

interface Question {
  query?: string;
  body?: object;
  authorization?: string | null;
}

async function ask(agentId: string, { query = '', body, authorization }: Question = {}): Promise<Response> {
  return await fetch(`${gateway.url}/api/v1/agents/${agentId}/answer?userText=What%20is%20it%3F${query}`, {
    method: 'POST',
    headers: {
      ...(authorization !== null && { Authorization: authorization ?? `SSWS ${adminKey}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function answer(agentId: string, question: Question = {}): Promise<Answer> {
  return (await (await ask(agentId, question)).json()) as Answer;
}

test('answers with text, structured response and the probe: the tree of steps with arguments and results', async () => {
  replies = [
    toolCalls([{ name: 'look_up', arguments: { item: 'lamp' } }]),
    text('A lamp.'),
    json({ found: true }),
  ];
  const given = await answer('desk', { body: { contextValues: { customer: 'Ada' } } });
  expect(given).toMatchObject({ answer: 'A lamp.', structuredResponse: { found: true } });
  expect(given.probe).toMatchObject({
    agentId: 'desk',
    state: 'completed',
    contextValues: { customer: 'Ada' },
    usage: { promptTokens: 21, completionTokens: 15 },
  });
  const shape = given.probe?.steps.map(({ type, steps }) => [type, steps?.map((step) => step.type) ?? []]);
  expect(shape).toEqual([
    ['model_call', ['tool_execution']],
    ['model_call', []],
    ['answer', []],
  ]);
  const [first] = given.probe?.steps ?? [];
  expect(first).toMatchObject({ status: 'completed', llmId: 'openai', model: 'test-model', iteration: 1 });
  expect(first?.durationMs).toBeGreaterThan(0);
  expect(first?.prompt).toContain('You help Ada.');
  expect(first?.steps?.[0]).toMatchObject({
    tool: 'look_up',
    status: 'completed',
    arguments: { item: 'lamp' },
    result: '{"path":"/items/lamp"}',
  });
});

test.each([
  ['an administrator', () => `SSWS ${adminKey}`, 'You are a test agent.'],
  ['a manager', () => `Bearer ${keys.boss}`, 'You are a test agent.'],
  ['a user', () => `Token ${keys.ann}`, undefined],
  ['a caller without credentials', () => null, undefined],
])(
  '%s may read the prompts in the probe only if they may read the configuration',
  async (_who, credentials, prompt) => {
    replies = [text('one')];
    const given = await answer('plain', { authorization: credentials() });
    expect(given.answer).toBe('one');
    expect(given.probe?.steps[0]).toMatchObject({ type: 'model_call', status: 'completed' });
    expect(given.probe?.steps[0]?.prompt).toBe(prompt);
    expect(JSON.stringify(given).includes('You are a test agent.')).toBe(prompt !== undefined);
  },
);

test('include_probe=false leaves the probe out; unknown properties are listed in it', async () => {
  replies = [text('one'), text('two')];
  expect(await answer('plain', { query: '&properties=include_probe=false' })).toEqual({ answer: 'one' });
  const listed = await answer('plain', { query: '&properties=color=blue;temperature=0.5' });
  expect(listed.probe?.unknownProperties).toEqual(['color']);
  expect(model.requests.at(-1)?.body.temperature).toBe(0.5);
});

test('the caller carries the conversation, and nothing of one is kept', async () => {
  replies = [text('You are Ada.'), text('Who knows?')];
  const conversationHistory = [
    { by: 'USER', text: 'I am Ada.' },
    { by: 'AI', text: 'Hello Ada.' },
  ];
  const before = await tasks();
  await answer('plain', { body: { conversationHistory } });
  const messages = (): unknown[] =>
    model.requests.at(-1)?.body.messages.map(({ role, content }) => `${role}: ${content}`) ?? [];
  expect(messages().slice(1)).toEqual(['user: I am Ada.', 'assistant: Hello Ada.', 'user: What is it?']);
  await answer('plain');
  expect(messages().slice(1)).toEqual(['user: What is it?']);
  expect(await tasks()).toEqual(before);
});

test('a run of this door is no task of the A2A door', async () => {
  replies = [text('one')];
  const { probe } = await answer('plain');
  const found = await call(gateway.url, 'plain', rpc('GetTask', { id: probe?.runId }), {
    headers: { 'A2A-Version': '1.0' },
  });
  expect(found.error?.code).toBe(-32001);
});

async function tasks(): Promise<unknown> {
  const { result } = await call(gateway.url, 'plain', rpc('ListTasks', {}), {
    headers: { 'A2A-Version': '1.0' },
  });
  return result?.['tasks'];
}

test('the same question twice is two runs', async () => {
  replies = [text('one'), text('two')];
  expect([(await answer('plain')).answer, (await answer('plain')).answer]).toEqual(['one', 'two']);
});

test('llmProviderId is a synonym of llmId', async () => {
  replies = [text('one')];
  expect((await answer('plain', { query: '&llmProviderId=openai' })).answer).toBe('one');
  const response = await ask('plain', { query: '&llmProviderId=nobody' });
  expect(response.status).toBe(400);
  expect(((await response.json()) as Answer).error).toMatchObject({
    code: 'llm_not_configured',
    message: expect.stringContaining('openai'),
  });
});

test('every answer says that the endpoint is deprecated and what follows it', async () => {
  replies = [text('one')];
  for (const response of [await ask('plain'), await ask('plain', { query: '&llmId=nobody' })]) {
    expect(response.headers.get('deprecation')).toMatch(/^@\d+$/);
    expect(Date.parse(response.headers.get('sunset') ?? '')).toBeGreaterThan(Date.now());
    expect(response.headers.get('link')).toBe(`<${gateway.url}/a2a/plain>; rel="successor-version"`);
  }
});

describe('what goes wrong has a true status', () => {
  test.each([
    ['the model fails', 'plain', status(400), 502, 'provider_error'],
    ['the deadline passes', 'hurried', hang(), 504, 'timeout'],
  ])('%s', async (_name, agentId, reply, expectedStatus, code) => {
    replies = [reply];
    const response = await ask(agentId);
    expect(response.status).toBe(expectedStatus);
    const { error } = (await response.json()) as Answer;
    expect(error?.code).toBe(code);
    expect(error?.message.length).toBeGreaterThan(20);
  });

  test.each([
    ['a missing context value', 'desk', {}, 'customer'],
    ['an ill-typed context value', 'desk', { body: { contextValues: { customer: 7 } } }, 'customer'],
    ['an unknown context value', 'desk', { body: { contextValues: { customer: 'Ada', x: 1 } } }, 'x'],
    ['an ill-typed property', 'plain', { query: '&properties=temperature=hot' }, 'properties.temperature'],
    [
      'a turn by nobody',
      'plain',
      { body: { conversationHistory: [{ by: 'ME', text: '' }] } },
      'conversationHistory.0.by',
    ],
  ])('%s is 400 and names the field', async (_name, agentId, question, field) => {
    const before = model.requests.length;
    const response = await ask(agentId, question);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as Answer;
    expect(error?.code).toBe('invalid_request');
    expect(Object.keys(error?.details.fields ?? {}).join()).toContain(field);
    expect(model.requests).toHaveLength(before);
  });

  test('no userText is 400, no credentials 401, an unknown agent 404', async () => {
    const headers = { Authorization: `SSWS ${adminKey}` };
    const bare = await fetch(`${gateway.url}/api/v1/agents/plain/answer`, { method: 'POST', headers });
    expect(bare.status).toBe(400);
    expect((await ask('desk', { authorization: null })).status).toBe(401);
    expect((await ask('nobody')).status).toBe(404);
  });
});
