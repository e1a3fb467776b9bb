import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { isAfter, type RunEvent } from '../../src/runs/event.ts';
import { StoreUnavailableError } from '../../src/runs/log.ts';
import { fold } from '../../src/runs/snapshot.ts';
import { acceptedSnapshot, RunWriter } from '../../src/runs/writer.ts';
import { read, startRun } from '../stores/run-samples.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { FakeRunLog, fenced } from './fake-run-log.ts';

function say(text: string, first = false, last = false): RunEvent {
  return { kind: 'text', at: 1, text, first, last };
}

const note: RunEvent = { kind: 'structured', at: 1, data: {} };
const end: RunEvent = { kind: 'finished', at: 2, state: 'completed' };

function writing(): { log: FakeRunLog; writer: RunWriter } {
  const log = new FakeRunLog();
  return { log, writer: new RunWriter(log, 'run-1', acceptedSnapshot(0), 1) };
}

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('numbering', () => {
  test('goes on after the accepted event, without a gap over batches', async () => {
    const { log, writer } = writing();
    for (let batch = 0; batch < 3; batch += 1) {
      void writer.write(note);
      void writer.write(note);
      await writer.stored();
    }
    expect(log.events.map(({ attempt, sequence }) => `${attempt}-${sequence}`)).toEqual([
      '1-2',
      '1-3',
      '1-4',
      '1-5',
      '1-6',
      '1-7',
    ]);
    expect(log.batches).toHaveLength(3);
  });

  test('begins at 1 in a later attempt', async () => {
    const log = new FakeRunLog();
    const writer = new RunWriter(log, 'run-1', acceptedSnapshot(0), 2);
    void writer.write({ kind: 'restarted', at: 1 });
    void writer.write(note);
    await writer.stored();
    expect(log.batches).toMatchObject([
      {
        attempt: 2,
        events: [
          { attempt: 2, sequence: 1 },
          { attempt: 2, sequence: 2 },
        ],
      },
    ]);
  });
});

/** So many texts of one turn stay events of their own. */
const mostWaitingTexts = 32;

describe('text of one turn', () => {
  test('stays piece by piece as long as it is not a flood; an end without text joins the last piece', async () => {
    const { log, writer } = writing();
    for (const event of [say('a', true), say('b'), say('c'), say('', false, true)]) void writer.write(event);
    await writer.stored();
    expect(log.events.map(({ event }) => event)).toEqual([say('a', true), say('b'), say('c', false, true)]);
  });

  test('a flood becomes one event that keeps the last end', async () => {
    const { log, writer } = writing();
    void writer.write(say('a', true));
    for (let index = 0; index < 99; index += 1) void writer.write(say('b', false, index === 98));
    await writer.stored();
    const events = log.events.map(({ event }) => event);
    const rest = 100 - mostWaitingTexts + 1;
    expect(events).toHaveLength(mostWaitingTexts);
    expect(events[0]).toEqual(say('a', true));
    expect(events.at(-1)).toEqual(say('b'.repeat(rest), false, true));
  });

  test('is not merged over another event, nor over a new beginning', async () => {
    const { log, writer } = writing();
    const flood = Array.from({ length: mostWaitingTexts }, (_, index) => say('a', index === 0));
    for (const event of [...flood, note, say('b'), say('c'), say('anew', true), say('!')])
      void writer.write(event);
    await writer.stored();
    expect(log.events.slice(mostWaitingTexts).map(({ event }) => event)).toEqual([
      note,
      say('bc'),
      say('anew!', true),
    ]);
  });

  test('leaves the events as they were handed in', async () => {
    const { writer } = writing();
    const [one, two] = [Object.freeze(say('a', true)), Object.freeze(say('b'))];
    void writer.write(one);
    void writer.write(two);
    await writer.stored();
    expect([one, two]).toEqual([say('a', true), say('b')]);
  });

  test('text that comes while an append is under way shares the next one', async () => {
    const { log, writer } = writing();
    const held = gate();
    log.before = async () => await held.opened;
    void writer.write(say('a', true));
    while (log.taken === 0) await nextTurn();
    for (let index = 0; index < 50; index += 1) {
      void writer.write(say('b'));
      await nextTurn();
    }
    held.open();
    await writer.stored();
    expect(log.mostInFlight).toBe(1);
    expect(log.batches).toHaveLength(2);
    const texts = log.events.map(({ event }) => (event.kind === 'text' ? event.text : ''));
    expect(texts.join('')).toBe(`a${'b'.repeat(50)}`);
  });
});

describe('too much unsaved', () => {
  test.each([
    ['events', note],
    ['text that is merged', say('x')],
  ])('%s: the writer says when to go on, and never before', async (_name, event) => {
    const { log, writer } = writing();
    const held = gate();
    log.before = async () => await held.opened;
    let full: Promise<void> | undefined;
    let written = 0;
    while (!full && written < 10_000) {
      full = writer.write(event);
      written += 1;
    }
    expect(written).toBe(1_001);
    let through = false;
    const waiting = full?.then(() => (through = true));
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(through).toBe(false);
    held.open();
    await waiting;
    expect(writer.write(event)).toBeUndefined();
    await writer.stored();
    const text = log.events.map((one) => (one.event.kind === 'text' ? one.event.text : 'x')).join('');
    expect(text).toHaveLength(1_002);
  });
});

describe('a store that is away', () => {
  test('is tried again with the same batch; nothing is lost, repeated or reordered', async () => {
    const { log, writer } = writing();
    const seen: string[] = [];
    log.before = async (batch) => {
      seen.push(batch.events.map(({ sequence }) => sequence).join());
      if (log.tries <= 1) throw new StoreUnavailableError('away');
    };
    void writer.write(note);
    while (log.taken === 0) await nextTurn();
    void writer.write(end);
    await writer.stored();
    expect(seen).toEqual(['2', '2', '3']);
    expect(writer.failure).toBeUndefined();
  });

  test('is not waited for once nobody does: the writer gives up at once', async () => {
    const { log, writer } = writing();
    log.before = () => Promise.reject(new StoreUnavailableError('away'));
    void writer.write(note);
    while (log.tries === 0) await nextTurn();
    writer.stopRetrying();
    await expect(writer.stored()).rejects.toThrow('away');
    expect(log.tries).toBeLessThanOrEqual(2);
  });
});

describe('a failure for good', () => {
  test.each([
    ['fenced off', fenced],
    ['refused', () => Promise.reject(new TypeError('not storable'))],
  ])('%s: it is kept, and nothing is written after the gap', async (_name, failing) => {
    const { log, writer } = writing();
    log.before = failing;
    void writer.write(note);
    void writer.write(say('lost'));
    const error: unknown = await writer.stored().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(writer.failure).toBe(error);
    log.before = async () => undefined;
    expect(writer.write(end)).toBeUndefined();
    await expect(writer.stored()).rejects.toBe(error);
    expect(log.tries).toBe(1);
    expect(log.batches).toEqual([]);
  });
});

describe('snapshots', () => {
  test('are saved at a change of state, only forward, and hold exactly what was stored with them', async () => {
    const { log, writer } = writing();
    const folded = acceptedSnapshot(0);
    for (const event of [say('a', true), say('b'), note, say('c'), end]) {
      void writer.write(event);
      await writer.stored();
      const batch = log.batches.at(-1);
      for (const stored of batch?.events ?? []) fold(folded, stored);
      if (batch?.snapshot) expect(batch.snapshot).toEqual(folded);
    }
    const saved = log.batches.flatMap(({ snapshot }) => snapshot ?? []);
    expect(saved.map(({ state }) => state)).toEqual(['working', 'completed']);
    expect(saved[1] && saved[0] && isAfter(saved[1], saved[0])).toBe(true);
  });

  test('the snapshot that was handed in is folded along, not one of somebody else', async () => {
    const log = new FakeRunLog();
    const snapshot = acceptedSnapshot(0);
    const writer = new RunWriter(log, 'run-1', { ...snapshot }, 1);
    void writer.write(end);
    await writer.stored();
    expect(snapshot).toEqual(acceptedSnapshot(0));
  });
});

test('over the real log: what was written is what is read', async () => {
  const log = openLog(':memory:');
  const run = await startRun(log);
  const writer = new RunWriter(log, run.id, { ...run.snapshot }, 1);
  for (let index = 0; index < 300; index += 1) {
    const full = writer.write(index % 10 === 0 ? note : say(`${index} `, index === 1));
    if (full) await full;
    if (index % 7 === 0) await nextTurn();
  }
  void writer.write(end);
  await writer.stored();
  const events = await read(log, run.id, { attempt: 0, sequence: 0 });
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  const text = events.flatMap(({ event }) => (event.kind === 'text' ? event.text : [])).join('');
  expect(text).toBe(
    Array.from({ length: 300 }, (_value, index) => (index % 10 === 0 ? '' : `${index} `)).join(''),
  );
  expect((await log.load(run.id))?.snapshot).toMatchObject({ text, state: 'completed' });
  await log.close();
});
