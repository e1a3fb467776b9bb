import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunEngine, StartRequest } from '../../src/runs/engine.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { agentWith, completed, never, openEngine, startRequest } from './engine-fixture.ts';

let log: SqliteRunLog;
let engine: RunEngine;
let executions: number;

beforeEach(() => {
  log = openLog(':memory:');
  engine = openEngine({ log });
  executions = 0;
});

afterEach(async () => {
  await engine.drain(0);
  await log.close();
});

const agent = agentWith(async function* ({ exchange }) {
  executions += 1;
  yield* [];
  return exchange.length > 0 ? completed : { state: 'input-required', parts: [{ text: 'Which one?' }] };
});

function saying(messageId: string): StartRequest {
  return startRequest(agent, { message: { messageId, role: 'ROLE_USER', parts: [{ text: 'This.' }] } });
}

async function waitingRun(): Promise<LoadedRun> {
  const { record } = await engine.start(saying('first'));
  await engine.settled(record, never);
  return await loaded(record.id);
}

async function loaded(id: string): Promise<LoadedRun> {
  const run = await log.load(id);
  if (!run) throw new Error('The run is gone.');
  return run;
}

test('a message that comes many times at once continues the run once', async () => {
  const run = await waitingRun();
  const continuing = Array.from({ length: 10 }, async () => {
    // Each as it stands at that moment, which may be when another has it and has not said so yet.
    const now = await loaded(run.record.id);
    return await engine.settledAfter(await engine.continue(now, saying('second')), never);
  });
  const ends = await Promise.all(continuing);
  expect(ends.map((end) => end?.state)).toEqual(Array(10).fill('completed'));
  expect((await loaded(run.record.id)).snapshot.continued?.exchange).toHaveLength(1);
  expect(executions).toBe(2);
});

test('of several messages at once one continues it, and the others are refused', async () => {
  const run = await waitingRun();
  const continuing = ['second', 'third', 'fourth'].map(
    async (id) => await engine.continue(await loaded(run.record.id), saying(id)),
  );
  const results = await Promise.allSettled(continuing);
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  expect(reasons).toEqual(Array(2).fill(expect.objectContaining({ reason: 'unsupported_operation' })));
  await engine.settled(run.record, never);
  expect(executions).toBe(2);
});

test('whoever has taken it up and is lost before a word does not keep it', async () => {
  const run = await waitingRun();
  expect(await log.takeOver(run.record.id, run.snapshot.attempt)).toBe(run.snapshot.attempt + 1);
  const continued = await engine.continue(await loaded(run.record.id), saying('second'));
  expect((await engine.settledAfter(continued, never))?.state).toBe('completed');
});

test.each(['the message', 'the cancel'])(
  'a cancel and a message at once, %s first: it is canceled',
  async (first) => {
    const slow = agentWith(async function* ({ exchange, signal }) {
      yield* [];
      if (exchange.length === 0) return { state: 'input-required', parts: [{ text: 'Which one?' }] };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return completed;
    });
    const { record } = await engine.start({ ...saying('first'), agent: slow });
    await engine.settled(record, never);
    const run = await loaded(record.id);
    const actions = [
      async () => await engine.continue(run, { ...saying('second'), agent: slow }),
      async () => await engine.cancel(run),
    ];
    if (first === 'the cancel') actions.reverse();
    const results = await Promise.allSettled(actions.map(async (act) => await act()));
    if (first === 'the cancel') results.reverse();
    const [continued, canceled] = results;
    expect(canceled).toMatchObject({ status: 'fulfilled', value: { snapshot: { state: 'canceled' } } });
    if (continued?.status === 'rejected')
      expect(continued.reason).toMatchObject({ reason: 'unsupported_operation' });
    expect((await loaded(record.id)).snapshot.state).toBe('canceled');
    expect(engine.liveRuns).toBe(0);
  },
);
