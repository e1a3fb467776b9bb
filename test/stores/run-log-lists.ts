import { describe, expect, test } from '@jest/globals';
import type { RunLog, RunPage, RunQuery } from '../../src/runs/log.ts';
import type { Subject } from './run-log-contract.ts';
import { finished, finishedRun, once, runRecord, SampleRun, startRun, text } from './run-samples.ts';

const own = { owner: 'user-1', agentId: 'order-desk' };
const conversation = { ...own, contextId: 'context-1' };

function ids(page: RunPage): string[] {
  return page.runs.map(({ record }) => record.id);
}

function positionAfter(page: RunPage): RunQuery['after'] {
  const last = page.runs.at(-1);
  return last && { stateAt: last.snapshot.stateAt, id: last.record.id };
}

async function pages(log: RunLog, limit: number): Promise<RunPage[]> {
  const all = [await log.list({ ...own, limit })];
  for (let last = all[0]; last?.hasMore; last = all.at(-1)) {
    const after = positionAfter(last);
    all.push(await log.list({ ...own, limit, ...(after && { after }) }));
  }
  return all;
}

export function describeLists({ log }: Subject): void {
  describe('lists', () => {
    test('the newest status comes first, whole runs', async () => {
      const one = await finishedRun(log(), 'completed', { at: 1_000 });
      const two = await finishedRun(log(), 'failed', { at: 3_000 });
      const three = await startRun(log(), { createdAt: 2_000 });
      const page = await log().list({ ...own, limit: 10 });
      expect(page).toEqual({
        runs: [two, three, one].map(({ record, snapshot }) => ({ record, snapshot })),
        total: 3,
        hasMore: false,
      });
      await three.save(text('a', 4_000));
      expect(ids(await log().list({ ...own, limit: 1 }))).toEqual([three.id]);
    });

    test('pages hold every run once, those of one moment too', async () => {
      for (let index = 0; index < 10; index += 1) {
        await finishedRun(log(), 'completed', { id: `run-${index}`, at: 1_000 + Math.floor(index / 4) });
      }
      const all = await pages(log(), 3);
      expect(all.map(({ runs }) => runs.length)).toEqual([3, 3, 3, 1]);
      expect(all.map(({ total }) => total)).toEqual([10, 10, 10, 10]);
      const expected = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((index) => `run-${index}`);
      expect(all.flatMap(ids)).toEqual(expected);
    });

    test('a run that vanished or moved does not empty the page after it', async () => {
      for (let index = 0; index < 6; index += 1)
        await startRun(log(), { id: `run-${index}`, createdAt: 1_000 + index });
      const last = await finishedRun(log(), 'completed', { id: 'run-6', at: 1_006 });
      const first = await log().list({ ...own, limit: 1 });
      expect(ids(first)).toEqual([last.id]);
      expect(await log().sweep({ runsBefore: 2_000, eventsBefore: 2_000 })).toBe(1);
      const after = positionAfter(first);
      expect(ids(await log().list({ ...own, limit: 3, ...(after && { after }) }))).toEqual([
        'run-5',
        'run-4',
        'run-3',
      ]);
    });

    test('filters by owner, agent, context, state and time', async () => {
      const base = await finishedRun(log(), 'completed', { at: 1_000, contextId: 'context-1' });
      await finishedRun(log(), 'completed', { at: 1_000, owner: 'user-2', contextId: 'context-1' });
      await finishedRun(log(), 'completed', { at: 1_000, agentId: 'another-agent', contextId: 'context-1' });
      await finishedRun(log(), 'completed', { at: 1_000, door: 'answer', contextId: 'context-1' });
      const newer = await finishedRun(log(), 'canceled', { at: 2_000, contextId: 'context-2' });
      const working = await startRun(log(), { createdAt: 500 });
      await working.save(text('a', 500));
      const list = async (query: Partial<RunQuery>): Promise<string[]> => {
        const page = await log().list({ ...own, limit: 10, ...query });
        expect(page.total).toBe(page.runs.length);
        return ids(page);
      };
      expect(await list({})).toEqual([newer.id, base.id, working.id]);
      expect(await list({ contextId: 'context-1' })).toEqual([base.id]);
      expect(await list({ state: 'canceled' })).toEqual([newer.id]);
      expect(await list({ state: 'working' })).toEqual([working.id]);
      expect(await list({ state: 'submitted' })).toEqual([]);
      expect(await list({ since: 1_000 })).toEqual([newer.id, base.id]);
      expect(await list({ since: 1_001, state: 'completed' })).toEqual([]);
      expect(await list({ contextId: 'context-2', state: 'canceled', since: 2_000 })).toEqual([newer.id]);
    });
  });
}

export function describeHistory({ log }: Subject): void {
  describe('history', () => {
    test('is what was said in finished runs of the conversation, oldest first', async () => {
      const { contextId } = conversation;
      await finishedRun(log(), 'completed', { contextId, text: 'one?', answer: 'One.' });
      await finishedRun(log(), 'completed', { contextId, text: 'two?', answer: 'Two.' });
      expect(await log().history(conversation, 20)).toEqual([
        { by: 'USER', text: 'one?' },
        { by: 'AI', text: 'One.' },
        { by: 'USER', text: 'two?' },
        { by: 'AI', text: 'Two.' },
      ]);
      expect(await log().history(conversation, 3)).toEqual([
        { by: 'AI', text: 'One.' },
        { by: 'USER', text: 'two?' },
        { by: 'AI', text: 'Two.' },
      ]);
      expect(await log().history(conversation, 0)).toEqual([]);
    });

    test('leaves out what is not part of it', async () => {
      const { contextId } = conversation;
      await finishedRun(log(), 'failed', { contextId });
      await finishedRun(log(), 'canceled', { contextId });
      await finishedRun(log(), 'completed', { contextId, history: [] });
      await finishedRun(log(), 'completed', { contextId, door: 'answer' });
      await finishedRun(log(), 'completed', { contextId, owner: 'user-2' });
      await finishedRun(log(), 'completed', { contextId, agentId: 'another-agent' });
      await finishedRun(log(), 'completed', { contextId: 'context-2' });
      await startRun(log(), { contextId });
      expect(await log().history(conversation, 20)).toEqual([]);
    });

    test('shows text parts only, and none that were hidden', async () => {
      const record = runRecord({ contextId: conversation.contextId });
      record.request.message.parts = [
        { text: 'one' },
        { data: { a: 1 } },
        { text: 'two' },
        { text: 'values' },
      ];
      record.request.hiddenParts = [3];
      await log().create(record, once);
      await new SampleRun(log(), record).save(text('answer'), finished('completed'));
      expect(await log().history(conversation, 20)).toEqual([
        { by: 'USER', text: 'one\ntwo' },
        { by: 'AI', text: 'answer' },
      ]);
    });
  });
}
