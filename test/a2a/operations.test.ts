import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CONVERSATION_HISTORY_URI, PROVIDED_VALUES_URI } from '../../src/a2a/extensions.ts';
import { v03Codec } from '../../src/a2a/v03/codec.ts';
import type { RunStream } from '../../src/a2a/run-stream.ts';
import type { Task } from '../../src/a2a/wire.ts';
import type { Executor } from '../../src/runs/executor.ts';
import { completed, say, saying } from '../runs/engine-fixture.ts';
import { until } from '../support/wait.ts';
import { callOn, openDesk, principal, sending, taskIn, type Desk } from './operations-fixture.ts';

let desk: Desk;
let goOn: PromiseWithResolvers<void>;

/** Answers at once, unless it is told to wait. */
const executor: Executor = async function* ({ request }) {
  yield say('Hello', true, true);
  if (request.message.parts[0]?.text === 'Wait') await goOn.promise;
  return request.message.parts[0]?.text === 'Ask' ? { state: 'input-required' } : completed;
};

beforeEach(() => {
  goOn = Promise.withResolvers();
  desk = openDesk(executor);
});

afterEach(async () => {
  await desk.close();
});

async function send(text = 'Hello', changes: Parameters<typeof callOn>[1] = {}): Promise<Task> {
  const request = sending({ parts: [{ text }] }, { blocking: text !== 'Wait' });
  return taskIn(await desk.operations.sendMessage(request, callOn(desk, changes)));
}

async function idsOf(stream: RunStream): Promise<string[]> {
  const ids: string[] = [];
  for await (const frames of stream) ids.push(...frames.map(({ id }) => id));
  return ids;
}

describe('sending', () => {
  test('waits for the answer, or answers at once', async () => {
    expect(await send()).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ parts: [{ text: 'Hello' }] }],
    });
    expect((await send('Wait')).status.state).toMatch(/SUBMITTED|WORKING/);
  });

  test('a caller that leaves while it waits gets the task as it stands; the run goes on', async () => {
    const reader = new AbortController();
    const waiting = desk.operations.sendMessage(
      sending({ parts: [{ text: 'Wait' }] }),
      callOn(desk, { signal: reader.signal }),
    );
    await until(() => desk.engine.liveRuns === 1, { what: 'the run' });
    reader.abort();
    const { id, status } = taskIn(await waiting);
    expect(status.state).toMatch(/SUBMITTED|WORKING/);
    goOn.resolve();
    await until(
      async () =>
        (await desk.operations.getTask({ id }, callOn(desk))).status.state === 'TASK_STATE_COMPLETED',
      { what: 'its end' },
    );
  });

  test("to a task that does not wait is refused; to somebody else's it does not exist", async () => {
    for (const text of ['Hello', 'Wait']) {
      const { id } = await send(text);
      const more = sending({ taskId: id });
      await expect(desk.operations.sendMessage(more, callOn(desk))).rejects.toMatchObject({
        reason: 'unsupported_operation',
      });
      const stranger = callOn(desk, { principal: principal('user-2') });
      await expect(desk.operations.sendMessage(more, stranger)).rejects.toMatchObject({
        reason: 'task_not_found',
      });
    }
  });

  test('to a task that waits continues it, in its own context only', async () => {
    const { id, contextId } = await send('Ask');
    const elsewhere = sending({ taskId: id, contextId: 'another' });
    await expect(desk.operations.sendMessage(elsewhere, callOn(desk))).rejects.toMatchObject({
      reason: 'invalid_request',
      details: { fields: { 'message.contextId': expect.any(String) } },
    });
    const answered = taskIn(await desk.operations.sendMessage(sending({ taskId: id }), callOn(desk)));
    expect(answered).toMatchObject({ id, contextId, status: { state: 'TASK_STATE_COMPLETED' } });
    expect(answered.history?.map(({ parts }) => parts[0]?.text)).toEqual(['Ask', 'Hello']);
  });

  test('with a push configuration is refused before any task exists', async () => {
    await expect(
      desk.operations.sendMessage(
        sending({}, { pushConfig: { url: 'https://example.com/hook' } }),
        callOn(desk),
      ),
    ).rejects.toMatchObject({ reason: 'push_not_supported' });
    const page = await desk.operations.listTasks({ pageSize: 1, includeArtifacts: false }, callOn(desk));
    expect(page.totalSize).toBe(0);
  });

  test('very many parts do not hold up everybody else', async () => {
    const parts = Array.from({ length: 200_000 }, () => ({ text: '' }));
    const startedAt = performance.now();
    await desk.operations.sendMessage(sending({ parts }), callOn(desk));
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  test('marked parts are hidden from the model, activated or not', async () => {
    const marked = { data: {}, metadata: { [PROVIDED_VALUES_URI]: true } };
    for (const activated of [[], [PROVIDED_VALUES_URI]]) {
      const request = sending({ parts: [marked, { text: 'Hi' }, marked] });
      const { id } = taskIn(await desk.operations.sendMessage(request, callOn(desk, { activated })));
      expect((await desk.engine.load(id))?.record.request.hiddenParts).toEqual([0, 2]);
    }
  });

  test('a media type that the agent does not take is refused, but not on what the extensions carry', async () => {
    const unknown = { mediaType: 'application/x-unknown' };
    const values = { data: {}, metadata: { [PROVIDED_VALUES_URI]: true }, ...unknown };
    const carrier = { data: { conversationHistory: [] }, ...unknown };
    const carried = sending({ parts: [values, carrier, { text: 'Hi' }] });
    const activated = [CONVERSATION_HISTORY_URI];
    await desk.operations.sendMessage(carried, callOn(desk, { activated }));
    await expect(desk.operations.sendMessage(carried, callOn(desk))).rejects.toMatchObject({
      reason: 'content_type_not_supported',
      details: { part: 'message.parts[1]', mediaType: unknown.mediaType },
    });
  });
});

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  const refused: unknown = await asked.catch((error: unknown) => error);
  return refused instanceof Error ? refused.message : 'not refused';
}

describe("a task that is not the caller's own", () => {
  test('looks like a missing one to every operation', async () => {
    const { id } = await send();
    const other = openDesk(saying('x'));
    const calls = [
      callOn(desk, { principal: principal('user-2') }),
      callOn(desk, { agent: { ...other.agent, id: 'other-agent' } }),
    ];
    const missing = await refusalOf(desk.operations.getTask({ id: 'gone' }, callOn(desk)));
    for (const call of calls) {
      for (const asked of [
        desk.operations.getTask({ id }, call),
        desk.operations.cancelTask({ id }, call),
        desk.operations.subscribeToTask({ id }, call),
      ]) {
        const refused: unknown = await asked.catch((error: unknown) => error);
        expect(refused).toMatchObject({
          reason: 'task_not_found',
          message: missing.replace('gone', id),
        });
      }
    }
    await other.close();
  });

  test('is in no list', async () => {
    await send();
    const list = { pageSize: 10, includeArtifacts: false };
    expect(
      (await desk.operations.listTasks(list, callOn(desk, { principal: principal('user-2') }))).totalSize,
    ).toBe(0);
    expect((await desk.operations.listTasks(list, callOn(desk))).totalSize).toBe(1);
  });
});

describe('lists', () => {
  test('by pages, without a gap or repetition, to an empty token', async () => {
    const sent: string[] = [];
    for (let index = 0; index < 7; index += 1) sent.push((await send()).id);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await desk.operations.listTasks(
        { pageSize: 3, includeArtifacts: false, ...(pageToken && { pageToken }) },
        callOn(desk),
      );
      expect([page.pageSize, page.totalSize]).toEqual([3, 7]);
      seen.push(...page.tasks.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen.toSorted()).toEqual(sent.toSorted());
  });

  test('by state', async () => {
    await send();
    const { id } = await send('Ask');
    const page = await desk.operations.listTasks(
      { pageSize: 5, includeArtifacts: true, status: 'TASK_STATE_INPUT_REQUIRED' },
      callOn(desk),
    );
    expect(page.tasks.map((task) => task.id)).toEqual([id]);
  });

  test('need a caller that is somebody', async () => {
    const nobody = { ...principal('anonymous'), kind: 'anonymous' as const };
    await expect(
      desk.operations.listTasks({ pageSize: 5, includeArtifacts: true }, callOn(desk, { principal: nobody })),
    ).rejects.toMatchObject({ reason: 'unauthorized' });
  });
});

describe('canceling', () => {
  test.each([
    ['1.0', undefined, 'TASK_STATE_CANCELED'],
    ['0.3', v03Codec, 'task_not_cancelable'],
  ])('twice in %s', async (_version, codec, second) => {
    const call = callOn(desk, codec && { codec });
    const { id } = await send('Wait');
    expect((await desk.operations.cancelTask({ id }, call)).status.state).toBe('TASK_STATE_CANCELED');
    const again = await desk.operations.cancelTask({ id }, call).then(
      (task) => task.status.state,
      (error: { reason: string }) => error.reason,
    );
    expect(again).toBe(second);
  });

  test('a finished task is refused, one that asks is canceled', async () => {
    await expect(desk.operations.cancelTask({ id: (await send()).id }, callOn(desk))).rejects.toMatchObject({
      reason: 'task_not_cancelable',
    });
    const asking = await send('Ask');
    expect((await desk.operations.cancelTask({ id: asking.id }, callOn(desk))).status.state).toBe(
      'TASK_STATE_CANCELED',
    );
  });
});

describe('subscribing', () => {
  test('to a task that asks gets the task, and what its next message brings', async () => {
    const { id } = await send('Ask');
    const stream = await desk.operations.subscribeToTask({ id }, callOn(desk));
    const first = await stream.next();
    expect(first.value?.map((frame) => frame.id)).toEqual(['1-3']);
    await desk.operations.sendMessage(sending({ taskId: id }), callOn(desk));
    expect(await idsOf(stream)).toEqual(['2-1', '2-2', '2-3']);
  });

  test.each([
    ['within the log', { attempt: 1, sequence: 1 }, ['1-2', '1-3']],
    ['at its end', { attempt: 1, sequence: 3 }, []],
    ['behind its end', { attempt: 1, sequence: 99 }, ['1-3']],
    ['of another attempt', { attempt: 2, sequence: 1 }, ['1-3']],
  ])('with a cursor %s', async (_name, cursor, ids) => {
    const { id } = await send();
    expect(await idsOf(await desk.operations.subscribeToTask({ id }, callOn(desk, { cursor })))).toEqual(ids);
  });
});
