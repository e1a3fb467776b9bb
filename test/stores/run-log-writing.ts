import { describe, expect, test } from '@jest/globals';
import { FencedError } from '../../src/runs/log.ts';
import type { Subject } from './run-log-contract.ts';
import {
  beginning,
  finished,
  finishedRun,
  once,
  read,
  runRecord,
  SampleRun,
  startRun,
  stored,
  text,
} from './run-samples.ts';

/** The text of a JSON string that no UTF-8 can hold, and one that ends C strings. */
const awkward = `lone \ud800 surrogate, NUL \u0000, "quote", \u2028 and 😀`;

export function describeWriting({ log }: Subject): void {
  describe('writing', () => {
    test('a created run is at its first event', async () => {
      const record = runRecord();
      expect(await log().create(record, once)).toEqual({ outcome: 'created' });
      const loaded = await log().load(record.id);
      expect(loaded?.record).toEqual(record);
      expect(loaded?.snapshot).toEqual({
        attempt: 1,
        sequence: 1,
        state: 'submitted',
        stateAt: record.createdAt,
        text: '',
      });
      const first = { kind: 'accepted', at: record.createdAt };
      expect(await read(log(), record.id, beginning, () => true)).toEqual([
        { attempt: 1, sequence: 1, event: first },
      ]);
    });

    test('a run that nobody created does not exist', async () => {
      expect(await log().load('no-such-run')).toBeUndefined();
      await expect(
        log().append('no-such-run', () => ({
          attempt: 1,
          events: stored({ attempt: 1, sequence: 2 }, text('a')),
        })),
      ).rejects.toThrow(FencedError);
      expect(await log().takeOver('no-such-run', 1)).toBeUndefined();
    });

    test('events come back as they were appended, whatever the text', async () => {
      const run = await startRun(log(), {
        text: awkward,
        messageId: awkward,
        contextId: awkward,
        owner: awkward,
      });
      await run.append(text(awkward), {
        kind: 'structured',
        at: 2,
        data: { [awkward]: [awkward, null, 1.5] },
      });
      await run.save(finished('completed'));
      const loaded = await log().load(run.id);
      expect(loaded).toEqual({ record: run.record, snapshot: run.snapshot });
      expect(loaded?.snapshot.text).toBe(awkward);
      const events = await read(log(), run.id, beginning);
      expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
      expect(events[2]?.event).toEqual({
        kind: 'structured',
        at: 2,
        data: { [awkward]: [awkward, null, 1.5] },
      });
    });

    test('appends of one turn are all stored, in order', async () => {
      const run = await startRun(log());
      const letters = 'abcdefghij'.split('');
      await Promise.all([
        ...letters.map(async (letter) => await run.append(text(letter))),
        run.save(finished('completed')),
      ]);
      const events = await read(log(), run.id, beginning);
      expect(events.flatMap(({ event }) => (event.kind === 'text' ? event.text : []))).toEqual(letters);
      expect((await log().load(run.id))?.snapshot).toEqual(run.snapshot);
    });

    test('a write that fails does not fail its neighbours', async () => {
      const lost = await startRun(log());
      const run = await startRun(log());
      await log().takeOver(lost.id, 1);
      const twice = runRecord({ id: run.id });
      const results = await Promise.allSettled([
        run.append(text('one')),
        lost.append(text('late')),
        log().create(twice, once),
        run.save(finished('completed')),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect((await log().load(run.id))?.snapshot).toEqual(run.snapshot);
    });

    test('the snapshot is the fold of the log at every point', async () => {
      const run = await startRun(log());
      for (let index = 0; index < 150; index += 1) {
        if (index % 10 === 3) await run.save(text(`${index} `));
        else await run.append(text(`${index} `));
        if (index % 25 === 0) expect((await log().load(run.id))?.snapshot).toEqual(run.snapshot);
      }
      await run.append(finished('completed'));
      expect((await log().load(run.id))?.snapshot).toEqual(run.snapshot);
    });

    test('an older snapshot does not take the run back', async () => {
      const run = await startRun(log());
      const old = { ...run.snapshot };
      await run.save(text('a'), finished('input-required'));
      run.continueAs((await log().takeOver(run.id, 1)) ?? 0);
      const restart = { ...run.batch({ kind: 'restarted', at: 5 }), snapshot: old };
      await log().append(run.id, () => restart);
      expect((await log().load(run.id))?.snapshot).toEqual(run.snapshot);
      const { owner, agentId } = run.record;
      expect((await log().list({ owner, agentId, state: 'working', limit: 1 })).total).toBe(1);
    });

    test('the store answers', async () => {
      await expect(log().ping()).resolves.toBeUndefined();
    });
  });

  describe('fencing', () => {
    test('whoever lost the run writes nothing more', async () => {
      const run = await startRun(log());
      await run.append(text('first attempt'));
      const zombie = new SampleRun(log(), run.record);
      zombie.batch(text('first attempt'));
      expect(await log().takeOver(run.id, 1)).toBe(2);
      run.continueAs(2);
      await Promise.all([
        expect(zombie.append(text('late'))).rejects.toThrow(FencedError),
        run.append({ kind: 'restarted', at: 1 }, text('second attempt')),
        expect(zombie.save(finished('failed'))).rejects.toThrow(FencedError),
      ]);
      await run.save(finished('completed'));
      const events = await read(log(), run.id, beginning);
      expect(events.map(({ attempt, sequence }) => `${attempt}-${sequence}`)).toEqual([
        '1-1',
        '1-2',
        '2-1',
        '2-2',
        '2-3',
      ]);
      expect((await log().load(run.id))?.snapshot).toMatchObject({
        state: 'completed',
        text: 'second attempt',
      });
    });

    test('one of many takes a run over', async () => {
      const run = await startRun(log());
      const won = await Promise.all(Array.from({ length: 20 }, async () => await log().takeOver(run.id, 1)));
      expect(won.filter((attempt) => attempt !== undefined)).toEqual([2]);
      expect(await log().takeOver(run.id, 2)).toBe(3);
    });

    test('the loaded position says which attempt has the run, before it has written', async () => {
      const run = await startRun(log());
      await run.append(text('a'));
      await log().takeOver(run.id, 1);
      expect((await log().load(run.id))?.snapshot).toMatchObject({ attempt: 2, sequence: 0, text: 'a' });
    });

    test.each(['completed', 'failed', 'canceled', 'rejected'] as const)(
      'nothing follows %s',
      async (state) => {
        const run = await finishedRun(log(), state);
        const before = await log().load(run.id);
        await expect(run.append(text('late'))).rejects.toThrow(FencedError);
        expect(await log().takeOver(run.id, 1)).toBeUndefined();
        expect(await log().load(run.id)).toEqual(before);
      },
    );

    test('of many ends one is stored, with a snapshot or without', async () => {
      const run = await startRun(log());
      const end = stored({ attempt: 1, sequence: 2 }, finished('canceled'));
      const ends = Array.from(
        { length: 20 },
        async () => await log().append(run.id, () => ({ attempt: 1, events: end })),
      );
      const results = await Promise.allSettled(ends);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await read(log(), run.id, { attempt: 1, sequence: 1 })).toEqual(end);
      expect((await log().load(run.id))?.snapshot.state).toBe('canceled');
    });

    test('a run that waits for its caller goes on after a takeover', async () => {
      const run = await finishedRun(log(), 'input-required');
      expect(await log().takeOver(run.id, 1)).toBe(2);
      run.continueAs(2);
      await run.save({ kind: 'restarted', at: 9 });
      expect((await log().load(run.id))?.snapshot).toMatchObject({
        state: 'working',
        attempt: 2,
        sequence: 1,
      });
    });
  });
}
