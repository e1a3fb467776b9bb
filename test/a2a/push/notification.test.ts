import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { notificationOf } from '../../../src/a2a/push/notification.ts';
import type { StoredPushConfig } from '../../../src/a2a/push/outbox.ts';
import type { Position, RunEvent } from '../../../src/runs/event.ts';
import type { SqliteRunLog } from '../../../src/stores/sqlite/run-log.ts';
import { piece, pushConfig, restarted, step, structured } from '../../stores/push-samples.ts';
import { finished, startRun, type SampleRun } from '../../stores/run-samples.ts';
import { openLog } from '../../stores/sqlite-data.ts';

const v03 = { version: '0.3', answerIn: 'both', artifacts: false } as const;
let log: SqliteRunLog;
let run: SampleRun;

beforeEach(async () => {
  log = openLog(':memory:');
  run = await startRun(log);
});

afterEach(async () => {
  await log.close();
});

/** Content type and body of the notification about the event `attempt-sequence`. */
async function about(
  [attempt, sequence]: [number, number],
  changes: Partial<StoredPushConfig> = {},
): Promise<[string, unknown] | undefined> {
  const position: Position = { attempt, sequence };
  const config = pushConfig('a', changes);
  const delivery = { id: '1', queue: '1', runId: run.id, config, position, tries: 0 };
  const notification = await notificationOf(log, delivery, new AbortController().signal);
  return notification && [notification.contentType, JSON.parse(notification.body)];
}

function statusUpdate(state: string): unknown {
  return expect.objectContaining({
    statusUpdate: {
      taskId: run.id,
      contextId: run.record.contextId,
      status: expect.objectContaining({ state }),
    },
  });
}

function artifactUpdate(parts: readonly object[]): unknown {
  const artifact = expect.objectContaining({ parts: parts.map((part) => expect.objectContaining(part)) });
  return {
    artifactUpdate: { taskId: run.id, contextId: run.record.contextId, artifact, lastChunk: true },
  };
}

function chunk(content: string, changes: { append?: boolean; last?: boolean }): RunEvent {
  const artifact = { artifactId: 'report', parts: [{ text: content }] };
  return { kind: 'artifact', at: 1, artifact, append: false, last: true, ...changes };
}

const question: RunEvent = { ...finished('input-required'), parts: [{ text: 'Which order?' }] };

describe('a v1.0 notification', () => {
  const type = 'application/a2a+json';

  test('about a step that made the task working shows the state and not the step', async () => {
    await run.save(step, finished('completed'));
    const [contentType, body] = (await about([1, 2])) ?? [];
    expect(contentType).toBe(type);
    expect(body).toEqual(statusUpdate('TASK_STATE_WORKING'));
    expect(JSON.stringify(body)).not.toContain('DW_STATUS_UPDATE');
  });

  test('about the end of a text shows all of it, of its own attempt', async () => {
    await run.save(piece('lost'));
    await log.takeOver(run.id, 1);
    run.continueAs(2);
    await run.save(restarted, piece('It is '), step, piece('here.', true), structured, finished('completed'));
    expect(await about([2, 4])).toEqual([type, artifactUpdate([{ text: 'It is here.' }])]);
    expect(await about([2, 5])).toEqual([type, artifactUpdate([{ data: { state: 'sent' } }])]);
  });

  test('about a task that waits shows what it asks', async () => {
    await run.save(step, question);
    const [, body] = (await about([1, 3])) ?? [];
    expect(body).toEqual(statusUpdate('TASK_STATE_INPUT_REQUIRED'));
    expect(JSON.stringify(body)).toContain('Which order?');
  });

  test('about the end of a task that had waited is about the end', async () => {
    await run.save(step, question);
    await log.takeOver(run.id, 1);
    run.continueAs(2);
    await run.save(restarted, piece('Sent.', true), finished('completed'));
    expect(await about([2, 3])).toEqual([type, statusUpdate('TASK_STATE_COMPLETED')]);
    expect(await about([2, 1])).toEqual([type, statusUpdate('TASK_STATE_WORKING')]);
  });

  test('about a further message, and what follows it', async () => {
    await run.save(step, question);
    await log.takeOver(run.id, 1);
    run.continueAs(2);
    const { request, contentHash } = run.record;
    await run.save(
      { kind: 'continued', at: 1, request, contentHash },
      chunk('one ', { last: false }),
      chunk('two', { append: true }),
      finished('completed'),
    );
    expect(await about([2, 1])).toEqual([type, statusUpdate('TASK_STATE_WORKING')]);
    expect(await about([2, 3])).toEqual([type, artifactUpdate([{ text: 'one ' }, { text: 'two' }])]);
    expect(await about([2, 4])).toEqual([type, statusUpdate('TASK_STATE_COMPLETED')]);
    expect((await about([1, 3]))?.[1]).toEqual(statusUpdate('TASK_STATE_INPUT_REQUIRED'));
  });

  test('says what the agent said with the state', async () => {
    await run.save(
      { kind: 'status', at: 1, message: { parts: [{ text: 'I look.' }] } },
      finished('completed'),
    );
    const [, body] = (await about([1, 2])) ?? [];
    expect(body).toEqual(statusUpdate('TASK_STATE_WORKING'));
    expect(JSON.stringify(body)).toContain('I look.');
  });

  test('of an agent that answered without a task is its message; v0.3 has none', async () => {
    await run.save({ ...finished('completed'), reply: { parts: [{ text: 'Hello.' }] } });
    const message = expect.objectContaining({ role: 'ROLE_AGENT', parts: [{ text: 'Hello.' }] });
    expect(await about([1, 2])).toEqual([type, { message }]);
    expect(await about([1, 2], v03)).toBeUndefined();
  });

  test('repeats the answer in the status where the registrant wants it there', async () => {
    await run.save(piece('Sent.', true), finished('completed'));
    const [, body] = (await about([1, 3], { answerIn: 'both' })) ?? [];
    expect(JSON.stringify(body)).toContain('Sent.');
    expect(await about([1, 2], { answerIn: 'status' })).toBeUndefined();
  });

  test('about an event past its retention is the task as it is now', async () => {
    await run.save(step, piece('Sent.', true), finished('completed', 5));
    await log.sweep({ runsBefore: 0, eventsBefore: 1e15 });
    expect(await about([1, 2])).toEqual([
      type,
      {
        task: expect.objectContaining({
          id: run.id,
          status: expect.objectContaining({ state: 'TASK_STATE_COMPLETED' }),
        }),
      },
    ]);
  });
});

describe('a v0.3 notification', () => {
  test('is the task as of the event', async () => {
    await run.save(step, piece('Sent.', true), finished('completed'));
    const [contentType, working] = (await about([1, 2], v03)) ?? [];
    expect(contentType).toBe('application/json');
    expect(working).toMatchObject({ kind: 'task', id: run.id, status: { state: 'working' } });
    expect(working).not.toHaveProperty('artifacts');
    expect((await about([1, 4], v03))?.[1]).toMatchObject({
      status: { state: 'completed', message: { parts: [{ kind: 'text', text: 'Sent.' }] } },
      artifacts: [{ parts: [{ kind: 'text', text: 'Sent.' }] }],
    });
  });

  test('about an event past its retention is the task as it is now', async () => {
    await run.save(step, finished('canceled', 5));
    await log.sweep({ runsBefore: 0, eventsBefore: 1e15 });
    expect((await about([1, 2], v03))?.[1]).toMatchObject({ status: { state: 'canceled' } });
  });
});

test('there is none about a task that is gone', async () => {
  await run.save(finished('completed', 5));
  await log.sweep({ runsBefore: 1e15, eventsBefore: 1e15 });
  expect(await about([1, 2])).toBeUndefined();
});
