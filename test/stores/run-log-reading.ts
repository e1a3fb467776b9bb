import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Position, StoredEvent } from '../../src/runs/event.ts';
import type { RunLog } from '../../src/runs/log.ts';
import { fold, type RunSnapshot } from '../../src/runs/snapshot.ts';
import type { Subject } from './run-log-contract.ts';
import { beginning, finished, finishedRun, read, type SampleRun, startRun, text } from './run-samples.ts';

const never = new AbortController().signal;

async function talk(run: SampleRun, pieces: number): Promise<void> {
  for (let index = 0; index < pieces; index += 1) {
    if (index % 4 === 1) await run.save(text(`${index} `));
    else await run.append(text(`${index} `), text('. '));
  }
  await run.save(finished('completed'));
}

/** What any late reader does: loads the run at some moment, follows from there to the end and folds. */
async function join(
  log: RunLog,
  run: SampleRun,
  turns: number,
): Promise<{ from: Position; events: StoredEvent[]; snapshot: RunSnapshot }> {
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  const loaded = await log.load(run.id);
  if (!loaded) throw new Error('The run is missing.');
  const { snapshot } = loaded;
  const from = { attempt: snapshot.attempt, sequence: snapshot.sequence };
  const events = snapshot.finished ? [] : await read(log, run.id, from);
  for (const event of events) fold(snapshot, event);
  return { from, events, snapshot };
}

function sequences(events: readonly StoredEvent[]): number[] {
  return events.map(({ sequence }) => sequence);
}

/** The numbers after `after` up to `last`. */
function numbers(after: number, last: number): number[] {
  return Array.from({ length: last - after }, (_value, index) => after + index + 1);
}

export function describeReading({ log }: Subject): void {
  describe('following', () => {
    test('50 runs written at once and joined at any moment: no gap, no repetition, no other order', async () => {
      const runs = await Promise.all(Array.from({ length: 50 }, async () => await startRun(log())));
      const fromBeginning = Promise.all(runs.map(async (run) => await read(log(), run.id, beginning)));
      const late = Promise.all(runs.map(async (run, index) => await join(log(), run, (index * 7) % 25)));
      await Promise.all(runs.map(async (run) => await talk(run, 20)));
      for (const [index, events] of (await fromBeginning).entries()) {
        expect(sequences(events)).toEqual(numbers(0, runs[index]?.snapshot.sequence ?? 0));
      }
      for (const [index, { from, events, snapshot }] of (await late).entries()) {
        expect(sequences(events)).toEqual(numbers(from.sequence, runs[index]?.snapshot.sequence ?? 0));
        expect(snapshot).toEqual(runs[index]?.snapshot);
      }
      // Some joined in the middle, or the moments were badly chosen.
      const middles = (await late).filter(({ from, events }) => from.sequence > 1 && events.length > 1);
      expect(middles.length).toBeGreaterThan(10);
    });

    test('every position of a finished run continues exactly', async () => {
      const run = await startRun(log());
      await talk(run, 6);
      const all = await read(log(), run.id, beginning);
      for (const [index, position] of all.slice(0, -1).entries()) {
        expect(await read(log(), run.id, position)).toEqual(all.slice(index + 1));
      }
    });

    test('a reader that is far behind gets everything in the end', async () => {
      const run = await startRun(log());
      const reader = log().follow(run.id, beginning, never);
      const first = await reader.next();
      expect(sequences(first.value ?? [])).toEqual([1]);
      for (let index = 0; index < 100; index += 1)
        await run.append(...Array.from({ length: 60 }, () => text('a')));
      await run.save(finished('completed'));
      const rest: StoredEvent[] = [];
      for await (const batch of reader) {
        expect(batch.length).toBeGreaterThan(0);
        rest.push(...batch);
        if (batch.at(-1)?.event.kind === 'finished') break;
      }
      expect(sequences(rest)).toEqual(numbers(1, 6002));
    });

    test('a reader goes on over a takeover', async () => {
      const run = await startRun(log());
      const events = read(log(), run.id, beginning);
      await run.append(text('a'));
      run.continueAs((await log().takeOver(run.id, 1)) ?? 0);
      await run.append({ kind: 'restarted', at: 1 }, text('b'));
      await run.save(finished('completed'));
      const ids = (await events).map(({ attempt, sequence }) => `${attempt}-${sequence}`);
      expect(ids).toEqual(['1-1', '1-2', '2-1', '2-2', '2-3']);
    });

    test('an event is stored before anyone sees it', async () => {
      const run = await startRun(log());
      const seen = read(log(), run.id, { attempt: 1, sequence: 1 }, () => true);
      void run.append(text('a'));
      const [event] = await seen;
      expect((await log().load(run.id))?.snapshot.sequence).toBe(event?.sequence);
    });

    test('return ends a reader that waits', async () => {
      const run = await startRun(log());
      const reader = log().follow(run.id, { attempt: 1, sequence: 1 }, never);
      const waiting = reader.next();
      await nextTurn();
      await reader.return?.();
      expect(await waiting).toEqual({ done: true, value: undefined });
      await run.append(text('a'));
      expect(await reader.next()).toEqual({ done: true, value: undefined });
    });

    test('an abort ends a reader quietly, before and while it waits', async () => {
      const run = await startRun(log());
      const controller = new AbortController();
      const reader = log().follow(run.id, { attempt: 1, sequence: 1 }, controller.signal);
      const waiting = reader.next();
      await nextTurn();
      controller.abort();
      expect(await waiting).toEqual({ done: true, value: undefined });
      const late = log().follow(run.id, beginning, controller.signal);
      expect(await late.next()).toEqual({ done: true, value: undefined });
    });
  });

  describe('covers', () => {
    test('says yes for every position of the log, no for what was never in it', async () => {
      const run = await startRun(log());
      await run.append(text('a'), text('b'));
      for (const sequence of [1, 2, 3])
        expect(await log().covers(run.id, { attempt: 1, sequence })).toBe(true);
      expect(await log().covers(run.id, beginning)).toBe(true);
      expect(await log().covers(run.id, { attempt: 1, sequence: 4 })).toBe(false);
      expect(await log().covers(run.id, { attempt: 7, sequence: 1 })).toBe(false);
      expect(await log().covers('no-such-run', beginning)).toBe(false);
    });

    test('an earlier attempt is still covered', async () => {
      const run = await startRun(log());
      await run.append(text('a'));
      await log().takeOver(run.id, 1);
      expect(await log().covers(run.id, { attempt: 1, sequence: 1 })).toBe(true);
      expect(await log().covers(run.id, { attempt: 2, sequence: 0 })).toBe(true);
      expect(await log().covers(run.id, { attempt: 2, sequence: 1 })).toBe(false);
    });

    test('a finished run is covered while its log lives', async () => {
      const run = await finishedRun(log(), 'completed');
      expect(await log().covers(run.id, beginning)).toBe(true);
      expect(await log().covers(run.id, { attempt: 1, sequence: 3 })).toBe(true);
      expect(await log().covers(run.id, { attempt: 1, sequence: 4 })).toBe(false);
    });
  });
}
