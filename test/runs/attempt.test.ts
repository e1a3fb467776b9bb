import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Attempt, RunStopped, type AttemptOptions } from '../../src/runs/attempt.ts';
import type { Execution, Executor } from '../../src/runs/executor.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { acceptedSnapshot, RunWriter } from '../../src/runs/writer.ts';
import { runRecord } from '../stores/run-samples.ts';
import { completed, hanging, RecordingLog, say, saying } from './engine-fixture.ts';
import { FakeRunLog, fenced } from './fake-run-log.ts';

interface Trial {
  attempt: Attempt;
  store: FakeRunLog;
  log: RecordingLog;
}

function attemptAt(executor: Executor, options: Partial<AttemptOptions> = {}): Trial {
  const store = new FakeRunLog();
  const log = new RecordingLog();
  const attempt = new Attempt({
    runId: 'run-1',
    writer: new RunWriter(store, 'run-1', acceptedSnapshot(0), 1),
    log,
    executor,
    timeoutSeconds: 30,
    prepare: async () => preparedRun(),
    failUnwritten: async () => undefined,
    ...options,
  });
  return { attempt, store, log };
}

function preparedRun(): Omit<Execution, 'signal'> {
  const record = runRecord();
  const { request } = record;
  return { record, attempt: 1, firstAttempt: 1, request, exchange: [], history: [], contextValues: {} };
}

/** The kinds of the stored events, the end by its state. */
function story({ store }: Trial): string[] {
  return store.events.map(({ event }) => (event.kind === 'finished' ? event.state : event.kind));
}

test('an executor that ends makes one end, after all it said', async () => {
  const trial = attemptAt(saying('a', 'b'));
  await trial.attempt.done;
  expect(story(trial)).toEqual(['text', 'text', 'completed']);
});

test('an executor that throws fails the run, without its words, and is logged', async () => {
  const trial = attemptAt(async function* () {
    yield say('a', true);
    throw new Error('the password is hunter2');
  });
  await trial.attempt.done;
  expect(story(trial)).toEqual(['text', 'failed']);
  expect(JSON.stringify(trial.store.events)).not.toContain('hunter2');
  expect(trial.store.events.at(-1)?.event).toMatchObject({ failure: { code: 'internal_error' } });
  expect(trial.log.errors()).toHaveLength(1);
});

test.each<[string, Partial<AttemptOptions>]>([
  ['cannot be prepared', { prepare: () => Promise.reject(new Error('no history')) }],
  [
    'cannot even be called',
    {
      executor: () => {
        throw new Error('no model');
      },
    },
  ],
])('an executor that %s fails the run', async (_name, options) => {
  const trial = attemptAt(saying('never'), options);
  await trial.attempt.done;
  expect(story(trial)).toEqual(['failed']);
});

describe.each([
  ['that heeds the signal', true],
  ['that ignores it', false],
])('an executor %s', (_name, heeds) => {
  test('is canceled in the middle', async () => {
    const trial = attemptAt(hanging(heeds));
    while (trial.store.batches.length === 0) await nextTurn();
    trial.attempt.stop('canceled');
    trial.attempt.stop('shutdown');
    await trial.attempt.done;
    expect(story(trial)).toEqual(['text', 'canceled']);
    expect(trial.log.errors()).toEqual([]);
  });

  test('ends at its deadline, with a sentence that says so', async () => {
    const trial = attemptAt(hanging(heeds), { timeoutSeconds: 0.02 });
    await trial.attempt.done;
    expect(story(trial)).toEqual(['text', 'failed']);
    expect(trial.store.events.at(-1)?.event).toMatchObject({
      failure: { code: 'timeout', message: expect.stringContaining('0.02 s') },
    });
  });

  test('is given up at shutdown: what it said is stored, and no end', async () => {
    const trial = attemptAt(hanging(heeds));
    await nextTurn();
    trial.attempt.stop('shutdown');
    await trial.attempt.done;
    expect(story(trial)).toEqual(['text']);
    expect(trial.log.errors()).toEqual([]);
  });
});

test('a run that is stopped before it began is never begun', async () => {
  let begun = 0;
  const prepared = Promise.withResolvers<void>();
  const executor: Executor = async function* () {
    begun += 1;
    yield say('too late', true);
    return completed;
  };
  const trial = attemptAt(executor, {
    prepare: async () => {
      await prepared.promise;
      return preparedRun();
    },
  });
  trial.attempt.stop('canceled');
  await trial.attempt.done;
  prepared.resolve();
  await nextTurn();
  await nextTurn();
  expect(begun).toBe(0);
  expect(story(trial)).toEqual(['canceled']);
});

test('a stopped executor that waits for the store is not asked for its next step', async () => {
  let steps = 0;
  let closed = false;
  const held = Promise.withResolvers<void>();
  const executor: Executor = async function* () {
    try {
      for (;;) {
        steps += 1;
        yield { kind: 'structured', at: 1, data: {} };
      }
    } finally {
      closed = true;
    }
  };
  const trial = attemptAt(executor);
  trial.store.before = async () => await held.promise;
  while (trial.store.inFlight === 0) await nextTurn();
  expect(steps).toBeGreaterThan(1_000);
  const before = steps;
  trial.attempt.stop('canceled');
  held.resolve();
  await trial.attempt.done;
  await nextTurn();
  expect(steps).toBe(before);
  expect(closed).toBe(true);
  expect(story(trial).filter((kind) => kind === 'canceled')).toHaveLength(1);
  expect(story(trial).at(-1)).toBe('canceled');
});

test('an executor that never waits cannot keep its deadline from coming', async () => {
  const executor: Executor = async function* () {
    for (let index = 0; ; index += 1) yield say('x', index === 0);
  };
  const trial = attemptAt(executor, { timeoutSeconds: 0.02 });
  await trial.attempt.done;
  expect(story(trial).at(-1)).toBe('failed');
});

test('what a stopped executor still says or throws is dropped', async () => {
  const woken = Promise.withResolvers<void>();
  let after = 0;
  const executor: Executor = async function* () {
    yield say('a', true);
    await woken.promise;
    yield say('late');
    after += 1;
    return completed;
  };
  const trial = attemptAt(executor);
  while (trial.store.batches.length === 0) await nextTurn();
  trial.attempt.stop('canceled');
  await trial.attempt.done;
  woken.resolve();
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  expect(story(trial)).toEqual(['text', 'canceled']);
  expect(after).toBe(0);
});

test('whoever is fenced off stops without another word, and its executor is closed', async () => {
  let closed = false;
  const executor: Executor = async function* ({ signal }) {
    try {
      for (;;) {
        yield say('a', true);
        await nextTurn();
      }
    } finally {
      closed = signal.aborted;
    }
  };
  const unwritten: string[] = [];
  const trial = attemptAt(executor, { failUnwritten: async () => void unwritten.push('asked') });
  trial.store.before = fenced;
  await trial.attempt.done;
  expect([story(trial), closed, unwritten]).toEqual([[], true, []]);
  expect(trial.log.errors()).toEqual([]);
});

test('a shutdown does not wait for a store that is away', async () => {
  const trial = attemptAt(hanging(true));
  trial.store.before = () => Promise.reject(new StoreUnavailableError('away'));
  while (trial.store.tries === 0) await nextTurn();
  const stoppedAt = performance.now();
  trial.attempt.stop('shutdown');
  await trial.attempt.done;
  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  expect(trial.store.tries).toBeLessThanOrEqual(2);
});

test('the signal carries why, and no listener of the attempt stays on it', async () => {
  let seen: AbortSignal | undefined;
  const executor: Executor = async function* ({ signal }) {
    seen = signal;
    yield say('a', true);
    return completed;
  };
  const trial = attemptAt(executor);
  await trial.attempt.done;
  trial.attempt.stop('canceled');
  expect(seen?.reason).toBeInstanceOf(RunStopped);
  expect(seen && getEventListeners(seen, 'abort')).toHaveLength(0);
  expect(story(trial)).toEqual(['text', 'completed']);
});
