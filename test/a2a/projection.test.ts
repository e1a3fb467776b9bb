import { describe, expect, test } from '@jest/globals';
import { responseOf, runStateOf, taskOf, withHistory, type AnswerPlace } from '../../src/a2a/projection.ts';
import type { FinishedEvent, RunEvent, RunState } from '../../src/runs/event.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import { emptySnapshot, fold } from '../../src/runs/snapshot.ts';
import { runRecord, stored } from '../stores/run-samples.ts';

const record = runRecord({ id: 'task-1', contextId: 'context-1', createdAt: 0 });
const ids = { taskId: 'task-1', contextId: 'context-1' };
const step = {
  id: 'step-1',
  type: 'model_call',
  name: 'Ask',
  status: 'in_progress',
  iteration: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
} as const;
const data = { total: 4 };
const end: FinishedEvent = { kind: 'finished', at: 5, state: 'completed' };

const answering: RunEvent[] = [
  { kind: 'accepted', at: 1 },
  { kind: 'step', at: 2, step },
  { kind: 'text', at: 3, text: 'Four', first: true, last: false },
  { kind: 'text', at: 3, text: '.', first: false, last: true },
  { kind: 'structured', at: 4, data },
];

function runOf(...events: RunEvent[]): LoadedRun {
  const snapshot = emptySnapshot(0);
  for (const event of stored({ attempt: 1, sequence: 1 }, ...events)) fold(snapshot, event);
  return { record, snapshot };
}

function shown(event: RunEvent, answerIn: AnswerPlace, of: LoadedRun = runOf(...answering, end)): unknown {
  const [one] = stored({ attempt: 1, sequence: 6 }, event);
  return one && responseOf(of.record, one, answerIn, of.snapshot);
}

const whole = runOf(...answering, end);
const text = { artifactId: 'answer', name: 'Answer', parts: [{ text: 'Four.', mediaType: 'text/plain' }] };
const structuredPart = { data, mediaType: 'application/json', metadata: { type: 'STRUCTURED_RESPONSE' } };
const structured = {
  artifactId: 'structured-response',
  name: 'Structured response',
  parts: [structuredPart],
};
const finalMessage = {
  role: 'ROLE_AGENT',
  parts: [{ text: 'Four.', mediaType: 'text/plain' }, structuredPart],
  ...ids,
};

describe('the task', () => {
  test.each<[AnswerPlace, boolean, boolean]>([
    ['both', true, true],
    ['artifact', true, false],
    ['status', false, true],
  ])('with the answer in %s', (answerIn, inArtifacts, inStatus) => {
    expect(taskOf(whole, { answerIn })).toEqual({
      id: 'task-1',
      contextId: 'context-1',
      status: {
        state: 'TASK_STATE_COMPLETED',
        timestamp: '1970-01-01T00:00:00.005Z',
        ...(inStatus && { message: { messageId: 'task-1-1-6', ...finalMessage } }),
      },
      ...(inArtifacts && { artifacts: [text, structured] }),
      history: [record.request.message],
    });
  });

  test('without artifacts, and without history, when the caller says so', () => {
    const task = taskOf(whole, { answerIn: 'artifact', includeArtifacts: false, historyLength: 0 });
    expect(Object.keys(task)).toEqual(['id', 'contextId', 'status']);
    expect(taskOf(whole, { answerIn: 'artifact', historyLength: 1 }).history).toHaveLength(1);
  });

  test.each<[number, string[] | undefined]>([
    [0, undefined],
    [2, ['m-2', 'm-3']],
    [9, ['m-1', 'm-2', 'm-3']],
  ])('with the last %j messages of its history', (length, ids) => {
    const history = ['m-1', 'm-2', 'm-3'].map((messageId) => ({ ...record.request.message, messageId }));
    const task = { ...taskOf(whole, { answerIn: 'artifact' }), history };
    expect(withHistory(task, length).history?.map(({ messageId }) => messageId)).toEqual(ids);
    expect('history' in withHistory(task, length)).toBe(length > 0);
  });

  test('that works shows the text so far, and no message', () => {
    const task = taskOf(runOf(...answering.slice(0, 3)), { answerIn: 'both' });
    expect(task.status).toEqual({ state: 'TASK_STATE_WORKING', timestamp: '1970-01-01T00:00:00.002Z' });
    expect(task.artifacts).toMatchObject([{ parts: [{ text: 'Four' }] }]);
  });

  test('that failed says why, whatever the place of the answer', () => {
    const failure = { code: 'timeout', message: 'Too slow.' };
    for (const answerIn of ['both', 'artifact', 'status'] as const) {
      const task = taskOf(runOf(...answering.slice(0, 3), { ...end, state: 'failed', failure }), {
        answerIn,
      });
      expect(task.status.message?.parts).toEqual([
        { text: 'Too slow.', mediaType: 'text/plain', metadata: { code: 'timeout' } },
      ]);
    }
  });

  test('that asks carries the question', () => {
    const parts = [{ text: 'Which one?' }];
    const task = taskOf(runOf(...answering.slice(0, 1), { ...end, state: 'input-required', parts }), {
      answerIn: 'artifact',
    });
    expect(task.status).toMatchObject({ state: 'TASK_STATE_INPUT_REQUIRED', message: { parts } });
  });

  test('that was canceled has no message', () => {
    const task = taskOf(runOf(...answering.slice(0, 3), { ...end, state: 'canceled' }), { answerIn: 'both' });
    expect(task.status).not.toHaveProperty('message');
  });
});

describe('an event of the stream', () => {
  test('accepted is the task with its message', () => {
    expect(shown({ kind: 'accepted', at: 1 }, 'both')).toEqual({
      task: {
        id: 'task-1',
        contextId: 'context-1',
        status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.001Z' },
        history: [record.request.message],
      },
    });
  });

  test('a step is a working status with a marked data part and an id of the log', () => {
    expect(
      shown({ kind: 'step', at: 2, step, detail: { prompt: 'hidden', error: 'hidden' } }, 'both'),
    ).toEqual({
      statusUpdate: {
        ...ids,
        status: {
          state: 'TASK_STATE_WORKING',
          timestamp: '1970-01-01T00:00:00.002Z',
          message: {
            messageId: 'task-1-1-6',
            role: 'ROLE_AGENT',
            parts: [{ data: step, mediaType: 'application/json', metadata: { type: 'DW_STATUS_UPDATE' } }],
            ...ids,
          },
        },
      },
    });
  });

  test('steps are left out where the caller wants none', () => {
    const quiet = runRecord();
    quiet.request.properties.includeSteps = false;
    expect(shown({ kind: 'step', at: 2, step }, 'both', { ...whole, record: quiet })).toBeUndefined();
  });

  test.each([
    ['a first piece', true, false, { append: undefined, lastChunk: undefined }],
    ['a middle one', false, false, { append: true, lastChunk: undefined }],
    ['a last one', false, true, { append: true, lastChunk: true }],
    ['the only one', true, true, { append: undefined, lastChunk: true }],
  ])('text: %s', (_name, first, last, flags) => {
    const event: RunEvent = { kind: 'text', at: 3, text: 'x', first, last };
    expect(shown(event, 'both')).toMatchObject({
      artifactUpdate: { ...ids, artifact: { artifactId: 'answer', parts: [{ text: 'x' }] }, ...flags },
    });
    expect(shown(event, 'status')).toBeUndefined();
  });

  test('the structured response is an artifact of its own', () => {
    const event: RunEvent = { kind: 'structured', at: 4, data };
    expect(shown(event, 'artifact')).toEqual({
      artifactUpdate: { ...ids, artifact: structured, append: false, lastChunk: true },
    });
    expect(shown(event, 'status')).toBeUndefined();
  });

  test('a restart is a working status', () => {
    expect(shown({ kind: 'restarted', at: 2 }, 'both')).toMatchObject({
      statusUpdate: { status: { state: 'TASK_STATE_WORKING' } },
    });
  });

  test.each<[AnswerPlace, object | undefined]>([
    ['both', finalMessage],
    ['status', finalMessage],
    ['artifact', undefined],
  ])('the end carries the answer, in %s', (answerIn, message) => {
    const status = {
      state: 'TASK_STATE_COMPLETED',
      timestamp: '1970-01-01T00:00:00.005Z',
      ...(message && { message: { messageId: 'task-1-1-6', ...message } }),
    };
    expect(shown(end, answerIn)).toEqual({ statusUpdate: { ...ids, status } });
  });

  test.each<RunState>(['completed', 'failed', 'canceled', 'rejected', 'input-required', 'auth-required'])(
    'the end as %s is the status of the task',
    (state) => {
      const event = { ...end, state } as FinishedEvent;
      const run = runOf(...answering, event);
      for (const answerIn of ['both', 'artifact', 'status'] as const) {
        expect(shown(event, answerIn, run)).toEqual({
          statusUpdate: { ...ids, status: taskOf(run, { answerIn }).status },
        });
      }
    },
  );
});

test('states are told apart both ways', () => {
  const states: RunState[] = [
    'submitted',
    'working',
    'completed',
    'failed',
    'canceled',
    'rejected',
    'input-required',
    'auth-required',
  ];
  const names = states.map(
    (state) =>
      taskOf({ record, snapshot: { ...emptySnapshot(0), state } }, { answerIn: 'both' }).status.state,
  );
  expect(names.map(runStateOf)).toEqual(states);
});
