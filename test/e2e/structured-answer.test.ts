import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { adminKey, agentFile, startGateway, type TestGateway } from '../support/gateway.ts';
import { json, text, toolCalls, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, post, rpc, v03Text, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  readEvents,
  seenTask,
  stepsOf,
  streamedText,
  textOf,
  type SeenEvent,
  type SeenTask,
} from '../support/run-events.ts';

let model: ModelServer;
let folder: string;
let gateway: TestGateway;
let replies: Reply[] = [];

const responseSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'number' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};
const good = { city: 'Oslo', degrees: 3.5 };
const price = { inputPerMillion: 2_000_000, outputPerMillion: 1_000_000 };

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  folder = await mkdtemp(join(tmpdir(), 'providers-'));
  const record = (id: string, more: object): object => ({
    id,
    baseUrl: model.baseUrl,
    model: `model-of-${id}`,
    ...more,
  });
  const records = [
    record('usual', { default: true, price }),
    record('agents-own', {}),
    record('callers', {}),
  ];
  await writeFile(join(folder, 'providers.yaml'), stringify(records));
  gateway = await startGateway({
    files: {
      'plain.yaml': agentFile('plain'),
      'chooser.yaml': agentFile('chooser', { model: { llmId: 'agents-own' } }),
      'shaped.yaml': agentFile('shaped', { responseSchema }),
      'status-only.yaml': agentFile('status-only', { responseSchema, answerIn: 'status' }),
      'single-step.yaml': agentFile('single-step', { responseSchema, limits: { maxSteps: 1 } }),
    },
    env: { LLM_PROVIDERS_FILE: join(folder, 'providers.yaml') },
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  replies = [];
});

type Version = '0.3' | '1.0';

async function stream(version: Version, agentId: string, query = ''): Promise<SeenEvent[]> {
  const body =
    version === '1.0' ? rpc('SendStreamingMessage', v1Text('Go')) : rpc('message/stream', v03Text('Go'));
  const events = await readEvents(
    await post(gateway.url, agentId, body, { query, headers: { 'A2A-Version': version } }),
  );
  expectWhole(events);
  return events;
}

async function send(version: Version, agentId: string, query = ''): Promise<SeenTask> {
  const body = version === '1.0' ? rpc('SendMessage', v1Text('Go')) : rpc('message/send', v03Text('Go'));
  const answer = await call(gateway.url, agentId, body, { query, headers: { 'A2A-Version': version } });
  return seenTask(answer.result);
}

function structuredOf(task: Pick<SeenTask, 'artifacts' | 'parts'>): {
  inStatus: unknown;
  inArtifact: unknown;
} {
  const inStatus = task.parts.find((part) => part.metadata?.['type'] === 'STRUCTURED_RESPONSE')?.data;
  const parts = task.artifacts.flatMap((artifact) => artifact.parts);
  return {
    inStatus,
    inArtifact: parts.find((part) => part.metadata?.['type'] === 'STRUCTURED_RESPONSE')?.data,
  };
}

/** The last event with all the stream's artifacts. */
function together(events: readonly SeenEvent[]): Pick<SeenTask, 'artifacts' | 'parts'> {
  return { parts: events.at(-1)?.parts ?? [], artifacts: events.flatMap(({ artifacts }) => artifacts) };
}

describe('the response schema', () => {
  test('v1.0: the structured response is a second artifact, and the final status says nothing', async () => {
    replies = [text('It is cold.'), json(good)];
    const events = await stream('1.0', 'shaped');
    expect(model.requests.at(-1)?.body.response_format?.json_schema?.schema).toMatchObject({
      required: ['city', 'degrees'],
    });
    const ids = events.flatMap(({ artifacts }) => artifacts.map(({ artifactId }) => artifactId));
    expect(new Set(ids)).toEqual(new Set(['answer', 'structured-response']));
    expect(structuredOf(together(events))).toEqual({ inStatus: undefined, inArtifact: good });
    expect(streamedText(events)).toBe('It is cold.');
    expect(events.at(-1)).toMatchObject({ state: 'completed', parts: [] });
  });

  test('v0.3: the final message carries the text and the structured response', async () => {
    replies = [text('It is cold.'), json(good)];
    const events = await stream('0.3', 'shaped');
    expect(structuredOf(together(events))).toEqual({ inStatus: good, inArtifact: good });
    expect(textOf(events.at(-1)?.parts)).toBe('It is cold.');
    expect(events.filter(({ final }) => final)).toEqual([events.at(-1)]);
    expect(events.slice(1, -1).every(({ kind, parts }) => kind !== 'status' || textOf(parts) === '')).toBe(
      true,
    );
  });

  test('an answer that does not fit is repaired in one more turn, which names the errors', async () => {
    replies = [text('Cold.'), json({ city: 'Oslo' }), json(good)];
    const events = await stream('1.0', 'shaped');
    expect(model.requests.at(-1)?.body.messages.at(-1)?.content).toMatch(/degrees/);
    expect(structuredOf(together(events)).inArtifact).toEqual(good);
    expect(
      stepsOf(events).filter(({ type, status }) => type === 'answer' && status === 'completed'),
    ).toHaveLength(2);
  });

  test('a second one that does not fit fails the run, with the errors', async () => {
    replies = [text('Cold.'), json({ city: 'Oslo' }), text('{"city": 7, "degrees": "warm"}')];
    const before = model.requests.length;
    const task = await send('1.0', 'shaped');
    expect(task.state).toBe('failed');
    expect(textOf(task.parts)).toMatch(/response schema: .*city.*degrees/);
    expect(structuredOf(task)).toEqual({ inStatus: undefined, inArtifact: undefined });
    expect(model.requests.length - before).toBe(3);
  });

  test('a tool call that came without tools being offered is not put to the model again', async () => {
    replies = [toolCalls([{ name: 'ghost', arguments: {} }], 'Hm.'), json(good)];
    const task = await send('1.0', 'single-step');
    expect(task.state).toBe('completed');
    const asked = model.requests.at(-1)?.body.messages ?? [];
    expect(asked.filter((message) => message.tool_calls)).toEqual([]);
  });
});

describe('where the answer stands', () => {
  const rows: [Version, string, { status: boolean; artifact: boolean }][] = [
    ['0.3', '', { status: true, artifact: true }],
    ['0.3', 'both', { status: true, artifact: true }],
    ['0.3', 'status', { status: true, artifact: false }],
    ['0.3', 'artifact', { status: false, artifact: true }],
    ['1.0', '', { status: false, artifact: true }],
    ['1.0', 'both', { status: true, artifact: true }],
    ['1.0', 'status', { status: true, artifact: false }],
    ['1.0', 'artifact', { status: false, artifact: true }],
  ];
  test.each(rows)('v%s, answer_in "%s": %j', async (version, answerIn, expected) => {
    const query = answerIn ? `?properties=answer_in=${answerIn}` : '';
    replies = [text('Cold.'), json(good), text('Cold.'), json(good)];
    const events = await stream(version, 'shaped', query);
    expect(placesOf(together(events), streamedText(events))).toEqual(expected);
    const task = await send(version, 'shaped', query);
    expect(placesOf(task, artifactText(task))).toEqual(expected);
  });

  test("the agent's answerIn decides where the caller does not", async () => {
    replies = [text('Cold.'), json(good), text('Cold.'), json(good)];
    const events = await stream('1.0', 'status-only');
    expect(placesOf(together(events), streamedText(events))).toEqual({ status: true, artifact: false });
    const task = await send('1.0', 'status-only', '?properties=answer_in=artifact');
    expect(placesOf(task, artifactText(task))).toEqual({ status: false, artifact: true });
  });

  test('include_steps=false leaves the steps out, and nothing else', async () => {
    replies = [text('Cold.'), json(good)];
    const events = await stream('0.3', 'shaped', '?properties=include_steps=false');
    expect(stepsOf(events)).toEqual([]);
    expect(textOf(events.at(-1)?.parts)).toBe('Cold.');
    expect(streamedText(events)).toBe('Cold.');
  });
});

/** The text and the structured response stand together, in each place or not at all. */
function placesOf(
  task: Pick<SeenTask, 'artifacts' | 'parts'>,
  shownText: string,
): { status: boolean; artifact: boolean } {
  const { inStatus, inArtifact } = structuredOf(task);
  expect(textOf(task.parts)).toBe(inStatus ? 'Cold.' : '');
  expect(shownText).toBe(inArtifact ? 'Cold.' : '');
  return { status: inStatus !== undefined, artifact: inArtifact !== undefined };
}

describe('the model', () => {
  test.each([
    ["the request's", 'chooser', '?llmId=callers', 'model-of-callers'],
    ["the agent's", 'chooser', '', 'model-of-agents-own'],
    ['the default one', 'plain', '', 'model-of-usual'],
  ])('%s answers', async (_name, agentId, query, expected) => {
    replies = [text('ok')];
    expect((await send('0.3', agentId, query)).state).toBe('completed');
    expect(model.requests.at(-1)?.body.model).toBe(expected);
  });

  test('an llmId that there is not is an error that lists the ids, before any task exists', async () => {
    const answer = await call(gateway.url, 'plain', rpc('SendMessage', v1Text('Go')), {
      query: '?llmId=gpt-99',
      headers: { 'A2A-Version': '1.0' },
    });
    expect(answer.error).toMatchObject({ code: -32602 });
    expect(answer.error?.message).toMatch(/gpt-99.*usual, agents-own, callers/);
    const response = await fetch(`${gateway.url}/api/v1/agents/plain/answer?userText=Go&llmId=gpt-99`, {
      method: 'POST',
      headers: { Authorization: `SSWS ${adminKey}` },
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe('llm_not_configured');
  });

  test('usage and cost stand in the probe, by step and in total', async () => {
    replies = [text('Cold.'), json(good)];
    const response = await fetch(`${gateway.url}/api/v1/agents/shaped/answer?userText=Go`, {
      method: 'POST',
      headers: { Authorization: `SSWS ${adminKey}` },
    });
    const { probe } = (await response.json()) as { probe: { usage: object; steps: { usage: object }[] } };
    // The scripted model counts 7 prompt and 5 completion tokens per call.
    expect(probe.usage).toEqual({ promptTokens: 14, completionTokens: 10, costUsd: 38 });
    expect(probe.steps.map(({ usage }) => usage)).toEqual([
      { promptTokens: 7, completionTokens: 5, costUsd: 19 },
      { promptTokens: 7, completionTokens: 5, costUsd: 19 },
    ]);
  });
});
