import { describe, expect, test } from '@jest/globals';
import type { Subject } from './run-log-contract.ts';
import { finishedRun, once, type RecordChanges, runRecord } from './run-samples.ts';

const windowMs = 60_000;
const request = { messageId: 'message-1', contextId: 'context-1' } as const;

export function describeIdempotency({ log }: Subject): void {
  describe('the same request again', () => {
    test('50 at once make one run', async () => {
      const records = Array.from({ length: 50 }, () => runRecord(request));
      const outcomes = await Promise.all(
        records.map(async (record) => await log().create(record, { windowMs })),
      );
      const created = records.filter((_record, index) => outcomes[index]?.outcome === 'created');
      expect(created).toHaveLength(1);
      const [winner] = created;
      for (const outcome of outcomes.filter(({ outcome }) => outcome !== 'created')) {
        expect(outcome).toEqual({ outcome: 'existing', record: winner });
      }
      for (const { id } of records.filter((record) => record !== winner))
        expect(await log().load(id)).toBeUndefined();
    });

    test('a finished run is found too', async () => {
      const first = runRecord(request);
      await log().create(first, { windowMs });
      await log().append(first.id, () => ({
        attempt: 1,
        events: [{ attempt: 1, sequence: 2, event: { kind: 'finished', at: 1, state: 'completed' } }],
      }));
      const again = await log().create(runRecord(request), { windowMs });
      expect(again).toEqual({ outcome: 'existing', record: first });
    });

    test('with other content it is a conflict', async () => {
      await log().create(runRecord(request), { windowMs });
      const other = runRecord({ ...request, contentHash: 'content-2' });
      expect(await log().create(other, { windowMs })).toEqual({ outcome: 'conflict' });
      expect(await log().load(other.id)).toBeUndefined();
    });

    test('a failed run does not count', async () => {
      const first = runRecord(request);
      await log().create(first, { windowMs });
      await log().append(first.id, () => ({
        attempt: 1,
        events: [{ attempt: 1, sequence: 2, event: { kind: 'finished', at: 1, state: 'failed' } }],
      }));
      expect(await log().create(runRecord(request), { windowMs })).toEqual({ outcome: 'created' });
    });

    test('after the window it is a new one', async () => {
      const at = Date.now();
      await log().create(runRecord({ ...request, createdAt: at - windowMs - 1 }), { windowMs });
      expect(await log().create(runRecord({ ...request, createdAt: at }), { windowMs })).toEqual({
        outcome: 'created',
      });
      const inside = runRecord({ ...request, createdAt: at + windowMs });
      expect(await log().create(inside, { windowMs })).toMatchObject({ outcome: 'existing' });
    });

    test('a window of 0 turns it off', async () => {
      await log().create(runRecord(request), { windowMs });
      expect(await log().create(runRecord(request), once)).toEqual({ outcome: 'created' });
    });

    const others: [string, RecordChanges][] = [
      ['owner', { owner: 'user-2' }],
      ['agent', { agentId: 'another-agent' }],
      ['context', { contextId: 'context-2' }],
      ['message', { messageId: 'message-2' }],
      ['lack of a named context', { contextNamed: false }],
    ];
    test.each(others)('another %s is another request', async (_what, changes) => {
      await log().create(runRecord(request), { windowMs });
      expect(await log().create(runRecord({ ...request, ...changes }), { windowMs })).toEqual({
        outcome: 'created',
      });
    });

    test('contexts that were not named are the same', async () => {
      const unnamed = { messageId: 'message-1', contextNamed: false };
      const first = runRecord(unnamed);
      await log().create(first, { windowMs });
      expect(await log().create(runRecord(unnamed), { windowMs })).toEqual({
        outcome: 'existing',
        record: first,
      });
    });

    test('names that differ in a lone surrogate only are different', async () => {
      await finishedRun(log(), 'completed');
      await log().create(runRecord({ ...request, messageId: '\ud800' }), { windowMs });
      const other = runRecord({ ...request, messageId: '\ud801' });
      expect(await log().create(other, { windowMs })).toEqual({ outcome: 'created' });
    });
  });
}
