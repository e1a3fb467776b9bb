import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withReferencedTasks } from '../../src/runs/referenced.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import type { Turn } from '../../src/runs/message.ts';
import { emptySnapshot } from '../../src/runs/snapshot.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { finishedRun, once, runRecord, startRun, type RecordChanges } from '../stores/run-samples.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { agentWith, completed, eventsOf, never, openEngine, startRequest } from './engine-fixture.ts';

let log: SqliteRunLog;

beforeEach(() => {
  log = openLog(':memory:');
});

afterEach(async () => {
  await log.close();
});

/** A run whose message refers to these tasks. */
function referringTo(ids: readonly string[], changes: RecordChanges = {}): LoadedRun {
  const record = runRecord(changes);
  record.request.message.referenceTaskIds = [...ids];
  return { record, snapshot: emptySnapshot(record.createdAt) };
}

/** A finished task with this question and answer. */
async function told(question: string, answer: string, changes: RecordChanges = {}): Promise<string> {
  return (await finishedRun(log, 'completed', { text: question, answer, ...changes })).id;
}

function turns(...texts: readonly string[]): Turn[] {
  return texts.map((text, index) => ({ by: index % 2 === 0 ? 'USER' : 'AI', text }));
}

describe('referenced tasks', () => {
  test('are told before the conversation, in the order named, each once', async () => {
    const first = await told('Who?', 'Ada.');
    const second = await told('When?', '1843.');
    const record = referringTo([second, first, second]);
    expect(await withReferencedTasks(log, record, turns('Hi', 'Hello'))).toEqual(
      turns('When?', '1843.', 'Who?', 'Ada.', 'Hi', 'Hello'),
    );
  });

  test('that stand in the conversation are not told twice', async () => {
    const stored = await told('Who?', 'Ada.');
    const history = turns('Hi', 'Hello', 'Who?', 'Ada.', 'Thanks', 'Welcome');
    expect(await withReferencedTasks(log, referringTo([stored]), history)).toEqual(history);
    const otherAnswer = turns('Who?', 'Grace.');
    expect(await withReferencedTasks(log, referringTo([stored]), otherAnswer)).toEqual(
      turns('Who?', 'Ada.', 'Who?', 'Grace.'),
    );
  });

  test("of somebody else, of another agent or door, unknown ones and the run's own are passed over", async () => {
    const strange = [
      await told('a', 'b', { owner: 'user-2' }),
      await told('a', 'b', { agentId: 'other' }),
      await told('a', 'b', { door: 'answer' }),
      'no-such-task',
    ];
    const own = referringTo([]);
    await log.create(own.record, once);
    own.record.request.message.referenceTaskIds = [...strange, own.record.id];
    expect(await withReferencedTasks(log, own, [])).toEqual([]);
  });

  test('are ten at most', async () => {
    const ids: string[] = [];
    for (let number = 1; number <= 12; number += 1) ids.push(await told(`q${number}`, `a${number}`));
    const known = await withReferencedTasks(log, referringTo(ids), []);
    expect(known.map(({ text }) => text).slice(-2)).toEqual(['q10', 'a10']);
    expect(known).toHaveLength(20);
  });

  test('that are not done are told as far as they are', async () => {
    const silent = await startRun(log, { text: 'Slow?' });
    const asking = await startRun(log, { text: 'Book it.' });
    const question = { kind: 'finished', at: 2, state: 'input-required' } as const;
    await asking.save({ ...question, parts: [{ text: 'For when?' }] });
    expect(await withReferencedTasks(log, referringTo([silent.id, asking.id]), [])).toEqual([
      { by: 'USER', text: 'Slow?' },
      { by: 'USER', text: 'Book it.' },
      { by: 'AI', text: 'For when?' },
    ]);
  });

  test('keep hidden parts to themselves', async () => {
    const record = runRecord({ text: 'Shown' });
    record.request.message.parts.push({ text: 'token-canary' });
    record.request.hiddenParts = [1];
    await log.create(record, once);
    expect(await withReferencedTasks(log, referringTo([record.id]), [])).toEqual([
      { by: 'USER', text: 'Shown' },
    ]);
  });
});

describe('the engine', () => {
  test('tells a task with all that was said in it, also to one that goes on', async () => {
    const seen: Turn[][] = [];
    const engine = openEngine({ log });
    const agent = agentWith(async function* ({ history, exchange }) {
      seen.push(history);
      yield* [];
      return exchange.length > 0 ? completed : { state: 'input-required', parts: [{ text: 'For when?' }] };
    });
    const begin = async (text: string, referenceTaskIds: string[] = []): Promise<LoadedRun> => {
      const message = { messageId: text, role: 'ROLE_USER' as const, parts: [{ text }], referenceTaskIds };
      const { record } = await engine.start(startRequest(agent, { message }));
      await eventsOf(engine, record.id);
      return (await log.load(record.id)) ?? { record, snapshot: emptySnapshot(0) };
    };
    const goOn = async (run: LoadedRun, text: string): Promise<void> => {
      const message = { messageId: text, role: 'ROLE_USER' as const, parts: [{ text }] };
      await engine.settledAfter(await engine.continue(run, startRequest(agent, { message })), never);
    };
    const booking = await begin('Book it.');
    await goOn(booking, 'Monday.');
    const change = await begin('Change it.', [booking.record.id]);
    await goOn(change, 'Tuesday.');
    const told = turns('Book it.', 'For when?', 'Monday.');
    expect(seen.slice(2)).toEqual([told, [...told, ...turns('Change it.', 'For when?')]]);
  });

  test('shows them to the agent, and counts them into what makes a request the same', async () => {
    const seen: Turn[][] = [];
    const engine = openEngine({ log });
    const agent = agentWith(async function* ({ history }) {
      seen.push(history);
      yield* [];
      return completed;
    });
    const id = await told('Who?', 'Ada.');
    const message = { messageId: 'm-1', role: 'ROLE_USER' as const, parts: [{ text: 'More' }] };
    const referring = { ...message, referenceTaskIds: [id] };
    const { record } = await engine.start(startRequest(agent, { message: referring }));
    await eventsOf(engine, record.id);
    expect(seen).toEqual([turns('Who?', 'Ada.')]);
    expect((await engine.start(startRequest(agent, { message: referring }))).created).toBe(false);
    await expect(engine.start(startRequest(agent, { message }))).rejects.toMatchObject({
      reason: 'invalid_request',
    });
  });
});
