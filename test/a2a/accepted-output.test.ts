import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Call } from '../../src/a2a/call.ts';
import type { StreamResponse, Task } from '../../src/a2a/wire.ts';
import type { Executor } from '../../src/runs/executor.ts';
import { defaultProperties } from '../../src/runs/properties.ts';
import { completed, say } from '../runs/engine-fixture.ts';
import { agentRevision } from './agent-revision.ts';
import { callOn, openDesk, sending, taskIn, type Desk } from './operations-fixture.ts';

const data = { total: 4 };
const step = {
  id: 'step-1',
  type: 'model_call',
  name: 'Ask',
  status: 'in_progress',
  iteration: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
} as const;

const page = { text: 'Page', mediaType: 'text/html' };
const picture = { raw: 'AAAA', mediaType: 'image/png' };

/** Answers in text and, where the message asks for it, with data; or fails. The engine ends its step. */
const executor: Executor = async function* ({ record }) {
  const asked = record.request.message.parts[0]?.text;
  if (asked === 'Ask') return { state: 'input-required', parts: [{ text: 'Which one?' }] };
  if (asked === 'Reply') return { ...completed, reply: { parts: [page, picture] } };
  if (asked === 'Files') {
    const whole = { kind: 'artifact', at: 1, append: false, last: true } as const;
    yield { ...whole, artifact: { artifactId: 'mixed', parts: [page, picture] } };
    yield { ...whole, artifact: { artifactId: 'picture', parts: [picture] } };
    return completed;
  }
  yield { kind: 'step', at: 1, step };
  yield say('Four', true);
  yield say('.', false, true);
  if (asked === 'Both') yield { kind: 'structured', at: 1, data };
  if (asked === 'Fail') return { state: 'failed', failure: { code: 'timeout', message: 'Too slow.' } };
  return completed;
};

let desk: Desk;

beforeEach(() => {
  desk = openDesk(
    executor,
    agentRevision({
      card: { defaultOutputModes: ['text/plain', 'application/json'] },
      execution: { model: { fallbackLlmIds: [] } },
    }),
  );
});

afterEach(async () => {
  await desk.close();
});

function call(answerIn: 'artifact' | 'both' | 'status' = 'artifact', changes: Partial<Call> = {}): Call {
  return callOn(desk, { properties: { ...defaultProperties(), answerIn }, ...changes });
}

function asking(text: string, acceptedOutputModes?: string[]) {
  return sending({ parts: [{ text }] }, acceptedOutputModes && { acceptedOutputModes });
}

async function send(text: string, accepted: string[] | undefined, where: Call = call()): Promise<Task> {
  return taskIn(await desk.operations.sendMessage(asking(text, accepted), where));
}

/** What a task or a stream says of the answer: in artifacts, and in the status. */
interface Said {
  artifacts: unknown[];
  status: unknown[];
}

function saidIn({ artifacts = [], status }: Task): Said {
  const parts = artifacts.flatMap((artifact) => artifact.parts);
  return { artifacts: contents(parts), status: contents(status.message?.parts ?? []) };
}

function contents(parts: readonly { text?: string; data?: unknown }[]): unknown[] {
  return parts.map(({ text, data }) => text ?? data);
}

async function eventsOf(text: string, accepted: string[], where: Call = call()): Promise<StreamResponse[]> {
  const stream = await desk.operations.sendStreamingMessage(asking(text, accepted), where);
  const events: StreamResponse[] = [];
  for await (const frames of stream)
    events.push(...frames.map(({ json }) => JSON.parse(json) as StreamResponse));
  return events;
}

function saidOn(events: readonly StreamResponse[]): Said {
  const artifacts = events.flatMap((event) =>
    'artifactUpdate' in event ? event.artifactUpdate.artifact.parts : [],
  );
  const last = events.at(-1);
  const final = last && 'statusUpdate' in last ? last.statusUpdate.status.message : undefined;
  return { artifacts: contents(artifacts), status: contents(final?.parts ?? []) };
}

describe('of the answer a caller gets what it takes', () => {
  test.each<[string, string[] | undefined, unknown[]]>([
    ['all, where it says nothing', undefined, ['Four.', data]],
    ['text', ['text/plain'], ['Four.']],
    ['text by a wildcard', ['text/*'], ['Four.']],
    ['data', ['application/json'], [data]],
    ['both', ['application/json', 'text/plain'], ['Four.', data]],
  ])('%s', async (_name, accepted, expected) => {
    expect(saidIn(await send('Both', accepted))).toEqual({ artifacts: expected, status: [] });
    expect(saidIn(await send('Both', accepted, call('both')))).toEqual({
      artifacts: expected,
      status: expected,
    });
    expect(saidIn(await send('Both', accepted, call('status')))).toEqual({
      artifacts: [],
      status: expected,
    });
  });

  test('on a stream too, and steps are no output', async () => {
    const events = await eventsOf('Both', ['application/json']);
    expect(saidOn(events)).toEqual({ artifacts: [data], status: [] });
    const steps = events.filter(
      (event) =>
        'statusUpdate' in event &&
        event.statusUpdate.status.message?.parts[0]?.metadata?.['type'] === 'DW_STATUS_UPDATE',
    );
    expect(steps).toHaveLength(2);
    expect(saidOn(await eventsOf('Both', ['text/plain'], call('both')))).toEqual({
      artifacts: ['Four', '.'],
      status: ['Four.'],
    });
  });

  test('a failure keeps its reason', async () => {
    const said = { artifacts: [], status: ['Too slow.'] };
    expect(saidIn(await send('Fail', ['application/json']))).toEqual(said);
    expect(saidOn(await eventsOf('Fail', ['application/json']))).toEqual(said);
  });
});

describe("of an agent's own artifacts and its direct answer too", () => {
  test.each<[string, string[], object[]]>([
    ['a part of one', ['text/html', 'text/plain'], [page]],
    ['a part of each', ['image/*', 'text/plain'], [picture, picture]],
    ['all rather than nothing', ['text/plain'], [page, picture, picture]],
  ])('%s', async (name, accepted, expected) => {
    const task = await send('Files', accepted);
    const partsOf = (artifacts: readonly { parts: object[] }[] = []): object[] =>
      artifacts.flatMap(({ parts }) => parts);
    expect(partsOf(task.artifacts)).toEqual(expected);
    const events = await eventsOf('Files', accepted);
    const last = events.at(-1);
    const final = last && 'statusUpdate' in last ? last.statusUpdate.status.message?.parts : undefined;
    const streamed = events.flatMap((event) =>
      'artifactUpdate' in event ? [event.artifactUpdate.artifact] : [],
    );
    // What a stream held back stands at its end.
    expect([...partsOf(streamed), ...(final ?? [])]).toEqual(expected);
    expect(final !== undefined).toBe(name === 'all rather than nothing');
  });

  test('a direct answer', async () => {
    const reply = async (accepted: string[]) =>
      await desk.operations.sendMessage(asking('Reply', accepted), call());
    expect(await reply(['image/png', 'text/plain'])).toMatchObject({ message: { parts: [picture] } });
    expect(await reply(['text/plain'])).toMatchObject({ message: { parts: [page, picture] } });
  });
});

describe('a caller that takes nothing of the answer gets all of it', () => {
  test('in the task, and in the status as well', async () => {
    const task = await send('Text', ['application/json']);
    expect(saidIn(task)).toEqual({ artifacts: ['Four.'], status: ['Four.'] });
    const again = await desk.operations.getTask({ id: task.id }, call());
    expect(saidIn(again)).toEqual(saidIn(task));
  });

  test('at the end of a stream, which could not know it before', async () => {
    const said = { artifacts: [], status: ['Four.'] };
    expect(saidOn(await eventsOf('Text', ['application/json']))).toEqual(said);
    expect(saidOn(await eventsOf('Text', ['application/json'], call('both')))).toEqual(said);
  });
});

describe('the acceptance belongs to the run', () => {
  test.each(['Text', 'Both'])(
    'so that whoever reads it, live or later, reads the same (%s)',
    async (text) => {
      const live = await desk.operations.sendStreamingMessage(asking(text, ['application/json']), call());
      const frames = (await Array.fromAsync(live)).flat();
      const { task } = JSON.parse(frames[0]?.json ?? '{}') as { task: Task };
      for (const sequence of [0, 3]) {
        const cursor = { attempt: 1, sequence };
        const later = await desk.operations.subscribeToTask({ id: task.id }, call('artifact', { cursor }));
        const after = frames.filter(({ id }) => Number(id.split('-')[1]) > sequence);
        expect((await Array.fromAsync(later)).flat()).toEqual(after);
        expect(after.length).toBeGreaterThan(0);
      }
    },
  );

  test('what the agent cannot say is refused before any task exists', async () => {
    const refused = { reason: 'content_type_not_supported' };
    await expect(send('Both', ['image/png'])).rejects.toMatchObject(refused);
    await expect(eventsOf('Both', ['image/png'])).rejects.toMatchObject(refused);
    const foreign = sending({ parts: [{ raw: 'AAAA', mediaType: 'image/png' }] });
    await expect(desk.operations.sendMessage(foreign, call())).rejects.toMatchObject(refused);
    const listed = await desk.operations.listTasks({ pageSize: 10, includeArtifacts: false }, call());
    expect(listed.totalSize).toBe(0);
  });

  test('nor does a message continue a task with what the agent does not take', async () => {
    const { id, status } = await send('Ask', ['application/json']);
    // A question is no output.
    expect(contents(status.message?.parts ?? [])).toEqual(['Which one?']);
    const foreign = sending({ taskId: id, parts: [picture] });
    await expect(desk.operations.sendMessage(foreign, call())).rejects.toMatchObject({
      reason: 'content_type_not_supported',
    });
    expect(await desk.operations.getTask({ id }, call())).toMatchObject({
      status: { state: 'TASK_STATE_INPUT_REQUIRED' },
    });
  });

  test('the same message with another acceptance is another request', async () => {
    const request = asking('Both', ['text/plain']);
    const first = taskIn(await desk.operations.sendMessage(request, call()));
    expect(taskIn(await desk.operations.sendMessage(request, call())).id).toBe(first.id);
    const other = { ...request, acceptedOutputModes: ['application/json'] };
    await expect(desk.operations.sendMessage(other, call())).rejects.toMatchObject({
      reason: 'invalid_request',
    });
  });
});

describe('history length', () => {
  test.each<[number | undefined, number]>([
    [undefined, 1],
    [0, 0],
    [1, 1],
    [5, 1],
  ])('%j shows %j messages', async (historyLength, shown) => {
    const limit = historyLength === undefined ? {} : { historyLength };
    const request = { ...asking('Text'), ...limit };
    const sent = taskIn(await desk.operations.sendMessage(request, call()));
    const got = await desk.operations.getTask({ id: sent.id, ...limit }, call());
    const list = { pageSize: 10, includeArtifacts: false, ...limit };
    const { tasks } = await desk.operations.listTasks(list, call());
    for (const { history } of [sent, got, ...tasks]) expect(history?.length ?? 0).toBe(shown);
    expect('history' in sent).toBe(shown > 0);

    const stream = await desk.operations.sendStreamingMessage({ ...asking('Text'), ...limit }, call());
    const [first] = (await Array.fromAsync(stream)).flat();
    const { task } = JSON.parse(first?.json ?? '{}') as { task: Task };
    expect(task.history?.length ?? 0).toBe(shown);
  });

  test("one reader's cut is not another's", async () => {
    const request = asking('Text');
    const cut = await desk.operations.sendStreamingMessage({ ...request, historyLength: 0 }, call());
    const whole = await desk.operations.sendStreamingMessage(request, call());
    const [one, other] = await Promise.all([Array.fromAsync(cut), Array.fromAsync(whole)]);
    expect(one.flat()[0]?.json).not.toContain('history');
    expect(other.flat()[0]?.json).toContain('history');
    expect(one.flat().slice(1)).toEqual(other.flat().slice(1));
  });
});
