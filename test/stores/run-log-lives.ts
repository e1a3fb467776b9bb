import { describe, expect, test } from '@jest/globals';
import type { Subject } from './run-log-contract.ts';
import { beginning, finished, finishedRun, read, runRecord, startRun, text } from './run-samples.ts';

export function describeRetention({ log }: Subject): void {
  describe('retention', () => {
    test('what is fresh stays', async () => {
      const run = await finishedRun(log(), 'completed', { at: 2_000 });
      expect(await log().sweep({ runsBefore: 2_000, eventsBefore: 2_000 })).toBe(0);
      expect(await read(log(), run.id, beginning)).toHaveLength(3);
      expect(await log().covers(run.id, beginning)).toBe(true);
    });

    test('event logs go first, their runs stay whole', async () => {
      const run = await finishedRun(log(), 'completed', { at: 2_000 });
      expect(await log().sweep({ runsBefore: 1_000, eventsBefore: 2_001 })).toBe(1);
      expect(await log().covers(run.id, { attempt: 1, sequence: 1 })).toBe(false);
      expect(await log().covers(run.id, beginning)).toBe(false);
      expect(await log().load(run.id)).toEqual({ record: run.record, snapshot: run.snapshot });
      expect(await log().sweep({ runsBefore: 1_000, eventsBefore: 2_001 })).toBe(0);
    });

    test('then runs go', async () => {
      const run = await finishedRun(log(), 'failed', { at: 2_000, contextId: 'context-1' });
      expect(await log().sweep({ runsBefore: 2_001, eventsBefore: 2_001 })).toBe(1);
      expect(await log().load(run.id)).toBeUndefined();
      expect(await log().covers(run.id, beginning)).toBe(false);
      const { owner, agentId } = run.record;
      expect(await log().list({ owner, agentId, limit: 10 })).toEqual({ runs: [], total: 0, hasMore: false });
    });

    test('a run that nobody answers keeps its events, and goes when it has waited as long', async () => {
      const waiting = await finishedRun(log(), 'input-required', { at: 2_000 });
      expect(await log().sweep({ runsBefore: 2_000, eventsBefore: 2_001 })).toBe(0);
      expect(await log().covers(waiting.id, { attempt: 1, sequence: 1 })).toBe(true);
      expect(await log().sweep({ runsBefore: 2_001, eventsBefore: 2_001 })).toBe(1);
      expect(await log().load(waiting.id)).toBeUndefined();
    });

    test('the status counts, not the age; what is executed stays', async () => {
      const late = await startRun(log(), { createdAt: 1_000 });
      await late.save(finished('completed', 3_000));
      const waiting = await startRun(log(), { createdAt: 1_000 });
      await waiting.save(finished('input-required', 2_000));
      const working = await startRun(log(), { createdAt: 1_000 });
      const old = await finishedRun(log(), 'completed', { at: 1_000 });
      expect(await log().sweep({ runsBefore: 2_000, eventsBefore: 2_000 })).toBe(1);
      const runs = await Promise.all(
        [late, waiting, working, old].map(async ({ id }) => await log().load(id)),
      );
      expect(runs.map((run) => run?.snapshot.state)).toEqual([
        'completed',
        'input-required',
        'submitted',
        undefined,
      ]);
      expect(await log().covers(waiting.id, { attempt: 1, sequence: 1 })).toBe(true);
    });

    test('sweeps are bounded and reach everything in the end', async () => {
      await Promise.all(
        Array.from({ length: 900 }, async (_value, index) => {
          if (index < 250) await startRun(log(), { createdAt: 1_000 });
          else await finishedRun(log(), 'completed', { at: 1_000 });
        }),
      );
      const touched: number[] = [];
      for (let sweeps = 0; sweeps < 10; sweeps += 1) {
        touched.push(await log().sweep({ runsBefore: 2_000, eventsBefore: 2_000 }));
      }
      expect(Math.max(...touched)).toBeLessThan(650);
      expect((await log().list({ owner: 'user-1', agentId: 'order-desk', limit: 1 })).total).toBe(250);
    });
  });
}

/** Promises that only a log that survives its process can keep. */
export function describeLives({ log, reopen }: Subject): void {
  describe('a new life', () => {
    test('sees everything', async () => {
      const done = await finishedRun(log(), 'completed', { text: 'lone \ud800', contextId: 'context-1' });
      const half = await startRun(log());
      await half.save(text('a'));
      await half.append(text('b'));
      const before = await read(log(), done.id, beginning);
      const next = await reopen();
      expect(await next.load(done.id)).toEqual({ record: done.record, snapshot: done.snapshot });
      expect(await next.load(half.id)).toEqual({ record: half.record, snapshot: half.snapshot });
      expect(await read(next, done.id, beginning)).toEqual(before);
      const { owner, agentId, contextId } = done.record;
      expect(await next.history({ owner, agentId, contextId }, 2)).toHaveLength(2);
      expect((await next.list({ owner, agentId, limit: 10 })).total).toBe(2);
    });

    test('finds the same request again', async () => {
      const record = runRecord({ messageId: 'message-1', contextNamed: false });
      await log().create(record, { windowMs: 60_000 });
      const next = await reopen();
      const again = runRecord({ messageId: 'message-1', contextNamed: false });
      expect(await next.create(again, { windowMs: 60_000 })).toEqual({ outcome: 'existing', record });
    });

    test('closing stores what is pending', async () => {
      const run = await startRun(log());
      const pending = run.append(text('a'));
      await log().close();
      await pending;
      const next = await reopen();
      expect((await next.load(run.id))?.snapshot).toEqual(run.snapshot);
    });

    test('knows the runs that the last one left behind, until they are taken up', async () => {
      await finishedRun(log(), 'completed');
      await finishedRun(log(), 'input-required');
      const submitted = await startRun(log());
      const working = await startRun(log());
      await working.save(text('a'));
      expect(await log().abandoned()).toEqual([]);
      const next = await reopen();
      await startRun(next);
      const abandoned = await next.abandoned();
      expect(abandoned).toEqual([submitted, working].map(({ record, snapshot }) => ({ record, snapshot })));
      expect(await next.takeOver(working.id, 1)).toBe(2);
      expect((await next.abandoned()).map(({ record }) => record.id)).toEqual([submitted.id]);
    });

    test('takes a run up again that was lost right after it was taken over', async () => {
      const run = await startRun(log());
      await log().takeOver(run.id, 1);
      const next = await reopen();
      const [abandoned] = await next.abandoned();
      expect(abandoned?.snapshot.attempt).toBe(2);
      expect(await next.takeOver(run.id, abandoned?.snapshot.attempt ?? 0)).toBe(3);
    });
  });
}
