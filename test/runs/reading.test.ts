import { setImmediate as nextTurn } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Position, StoredEvent } from '../../src/runs/event.ts';
import { readRun } from '../../src/runs/reading.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { beginning, finished, finishedRun, startRun, text } from '../stores/run-samples.ts';
import { openLog } from '../stores/sqlite-data.ts';

let log: SqliteRunLog;

beforeEach(() => {
  log = openLog(':memory:');
});

afterEach(async () => {
  await log.close();
});

async function collected(
  runId: string,
  position: Position,
  signal = new AbortController().signal,
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const batch of readRun(log, runId, position, { signal })) events.push(...batch);
  return events;
}

test('what is stored, then what comes, until the run is at rest', async () => {
  const run = await startRun(log);
  await run.append(text('one'));
  const reading = collected(run.id, beginning);
  await nextTurn();
  await run.append(text('two'));
  await run.save(finished('completed'));
  expect((await reading).map(({ sequence, event }) => [sequence, event.kind])).toEqual([
    [1, 'accepted'],
    [2, 'text'],
    [3, 'text'],
    [4, 'finished'],
  ]);
});

test.each(['completed', 'failed', 'canceled', 'rejected', 'input-required', 'auth-required'] as const)(
  'a run that is %s is read from any of its positions, and nothing is waited for',
  async (state) => {
    const run = await finishedRun(log, state);
    for (let sequence = 1; sequence <= 3; sequence += 1) {
      const rest = await collected(run.id, { attempt: 1, sequence });
      expect(rest.map((event) => event.sequence)).toEqual([2, 3].filter((later) => later > sequence));
    }
    expect(await collected(run.id, { attempt: 9, sequence: 9 })).toEqual([]);
  },
);

test('a run that does not exist ends at once for a reader that resumes', async () => {
  expect(await collected('no-such-run', { attempt: 1, sequence: 3 })).toEqual([]);
});

test('an abort ends it quietly, before and in the middle, and leaves no listener', async () => {
  const run = await startRun(log);
  const reader = new AbortController();
  const reading = collected(run.id, beginning, reader.signal);
  await nextTurn();
  expect(getEventListeners(reader.signal, 'abort')).toHaveLength(1);
  reader.abort();
  expect(await reading).toHaveLength(1);
  expect(getEventListeners(reader.signal, 'abort')).toHaveLength(0);
  expect(await collected(run.id, beginning, reader.signal)).toEqual([]);
});

test('a reader that stops in the middle leaves no listener', async () => {
  const run = await startRun(log);
  const reader = new AbortController();
  for await (const batch of readRun(log, run.id, beginning, { signal: reader.signal })) {
    expect(batch).toHaveLength(1);
    break;
  }
  expect(getEventListeners(reader.signal, 'abort')).toHaveLength(0);
});
