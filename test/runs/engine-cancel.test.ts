import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunEngine } from '../../src/runs/engine.ts';
import type { Executor } from '../../src/runs/executor.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import type { RunRecord } from '../../src/runs/record.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { until } from '../support/wait.ts';
import {
  agentWith,
  completed,
  eventsOf,
  hanging,
  kindsOf,
  never,
  openEngine,
  RecordingLog,
  say,
  saying,
  startRequest,
} from './engine-fixture.ts';

let log: SqliteRunLog;
let logger: RecordingLog;
let engine: RunEngine;

beforeEach(() => {
  log = openLog(':memory:');
  logger = new RecordingLog();
  engine = openEngine({ log, logger });
});

afterEach(async () => {
  await engine.drain(0);
  await log.close();
});

async function loaded(record: RunRecord): Promise<LoadedRun> {
  const run = await engine.load(record.id);
  if (!run) throw new Error('the run is gone');
  return run;
}

test.each([
  ['that heeds the signal', true],
  ['that ignores it', false],
])('an executor %s: a cancel in the middle is answered when the run has stopped', async (_name, heeds) => {
  const { record } = await engine.start(startRequest(agentWith(hanging(heeds))));
  const stream = eventsOf(engine, record.id);
  await until(async () => (await loaded(record)).snapshot.text === 'Wait', { what: 'the first word' });
  const canceled = await engine.cancel(await loaded(record));
  expect(canceled.snapshot).toMatchObject({ state: 'canceled', text: 'Wait' });
  expect(await loaded(record)).toEqual(canceled);
  expect(kindsOf(await stream)).toEqual(['accepted', 'text', 'finished']);
  expect(logger.errors()).toEqual([]);
});

test('a cancel before the first event leaves nothing but the end', async () => {
  const { record } = await engine.start(startRequest(agentWith(saying('never'))));
  const canceled = await engine.cancel(await loaded(record));
  expect(canceled.snapshot.state).toBe('canceled');
  expect(kindsOf(await eventsOf(engine, record.id)).filter((kind) => kind === 'finished')).toHaveLength(1);
});

test('many cancels at once get the same answer, and the run one end', async () => {
  const { record } = await engine.start(startRequest(agentWith(hanging(true))));
  const run = await loaded(record);
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await engine.cancel(run)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(kindsOf(await eventsOf(engine, record.id)).filter((kind) => kind === 'finished')).toHaveLength(1);
});

test.each(['completed', 'failed'] as const)('a run that is %s is not canceled', async (state) => {
  const executor: Executor = async function* () {
    yield say('a', true, true);
    return { state };
  };
  const { record } = await engine.start(startRequest(agentWith(executor)));
  await engine.settled(record, never);
  await expect(engine.cancel(await loaded(record))).rejects.toMatchObject({ reason: 'task_not_cancelable' });
  expect((await loaded(record)).snapshot.state).toBe(state);
});

test('a run that waits for its caller is canceled', async () => {
  const executor: Executor = async function* () {
    yield say('Which one?', true, true);
    return { state: 'input-required' };
  };
  const { record } = await engine.start(startRequest(agentWith(executor)));
  await engine.settled(record, never);
  await until(() => engine.liveRuns === 0, { what: 'the attempt to be forgotten' });
  expect((await engine.cancel(await loaded(record))).snapshot.state).toBe('canceled');
});

test('a run that was given up without an end is canceled, not called unfinished', async () => {
  const canceling = Promise.withResolvers<LoadedRun>();
  const executor: Executor = async function* ({ record, signal }) {
    yield say('Wait', true);
    // The cancel comes while the run is given up.
    signal.addEventListener('abort', () =>
      canceling.resolve(loaded(record).then((run) => engine.cancel(run))),
    );
    await canceling.promise;
    return completed;
  };
  const { record } = await engine.start(startRequest(agentWith(executor)));
  await until(async () => (await loaded(record)).snapshot.text === 'Wait', { what: 'the first word' });
  await engine.drain(0);
  expect((await canceling.promise).snapshot.state).toBe('canceled');
});

/** One run that ends by itself after some turns, canceled after some other turns. */
async function race(turns: { work: number; cancel: number }): Promise<string> {
  const executor: Executor = async function* () {
    yield say('a', true);
    for (let turn = 0; turn < turns.work; turn += 1) await nextTurn();
    yield say('b', false, true);
    return completed;
  };
  const { record } = await engine.start(startRequest(agentWith(executor)));
  const stream = eventsOf(engine, record.id);
  const run = await loaded(record);
  for (let turn = 0; turn < turns.cancel; turn += 1) await nextTurn();
  const answer = await engine.cancel(run).then(
    (after) => after.snapshot.state,
    (error: { reason: string }) => error.reason,
  );
  const events = await stream;
  const { snapshot } = await loaded(record);
  const ends = events.flatMap(({ event }) => (event.kind === 'finished' ? event.state : []));
  expect(ends).toEqual([snapshot.state]);
  expect(events.at(-1)?.event.kind).toBe('finished');
  expect(answer).toBe(snapshot.state === 'canceled' ? 'canceled' : 'task_not_cancelable');
  expect(['canceled', 'completed']).toContain(snapshot.state);
  return snapshot.state;
}

test('cancel against completion, 200 times: store, stream and answer agree, one end each', async () => {
  const races = Array.from({ length: 200 }, async (_value, index) => {
    return await race({ work: index % 5, cancel: Math.floor(index / 5) % 8 });
  });
  const states = await Promise.all(races);
  expect(new Set(states)).toEqual(new Set(['canceled', 'completed']));
  expect(logger.errors()).toEqual([]);
});
