import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Position, StoredEvent } from '../../src/runs/event.ts';
import { Feed } from '../../src/runs/feed.ts';
import type { StoredPage } from '../../src/runs/follower.ts';

const runId = 'run-1';

function events(from: number, to: number): StoredEvent[] {
  return Array.from({ length: to - from + 1 }, (_value, index) => ({
    attempt: 1,
    sequence: from + index,
    event: { kind: 'accepted', at: 0 },
  }));
}

/** A store of numbered events that counts how often it is read. */
class CountingStore {
  reads = 0;
  newest = 0;
  readonly read = async (_runId: string, position: Position): Promise<StoredPage> => {
    this.reads += 1;
    await nextTurn();
    return { events: events(position.sequence + 1, this.newest), more: false };
  };
}

function follower(feed: Feed, store: CountingStore, signal = new AbortController().signal) {
  return feed.follow({ runId, position: { attempt: 1, sequence: 0 }, signal, read: store.read });
}

function publish(feed: Feed, store: CountingStore, from: number, to: number): void {
  store.newest = to;
  feed.publish(runId, events(from, to));
}

async function sequencesOf(batch: Promise<IteratorResult<readonly StoredEvent[]>>): Promise<number[]> {
  const { value } = (await batch) as { value: readonly StoredEvent[] };
  return value.map(({ sequence }) => sequence);
}

test('live events reach a reader that is up to date as the same objects, without a read', async () => {
  const [feed, store] = [new Feed(), new CountingStore()];
  store.newest = 1;
  const reader = follower(feed, store);
  expect(await sequencesOf(reader.next())).toEqual([1]);
  const waiting = reader.next();
  const batch = events(2, 4);
  feed.publish(runId, batch);
  expect((await waiting).value).toBe(batch);
  publish(feed, store, 5, 6);
  expect(await sequencesOf(reader.next())).toEqual([5, 6]);
  expect(store.reads).toBe(1);
});

test('what is published while the store is read is seen once', async () => {
  const [feed, store] = [new Feed(), new CountingStore()];
  store.newest = 1;
  const reader = follower(feed, store);
  const first = reader.next();
  publish(feed, store, 2, 2);
  publish(feed, store, 3, 3);
  expect(await sequencesOf(first)).toEqual([1, 2, 3]);
  const next = reader.next();
  publish(feed, store, 4, 4);
  expect(await sequencesOf(next)).toEqual([4]);
});

test('a reader that fell behind reads the gap from the store, and is live again', async () => {
  const [feed, store] = [new Feed(), new CountingStore()];
  store.newest = 1;
  const reader = follower(feed, store);
  await reader.next();
  for (let from = 2; from < 6_000; from += 100) publish(feed, store, from, from + 99);
  const gap = await sequencesOf(reader.next());
  expect([gap[0], gap.at(-1), gap.length]).toEqual([2, store.newest, store.newest - 1]);
  expect(store.reads).toBe(2);
  const waiting = reader.next();
  publish(feed, store, store.newest + 1, store.newest + 1);
  expect(await sequencesOf(waiting)).toEqual([store.newest]);
  expect(store.reads).toBe(2);
});

test('events that do not continue where the reader is make it read the store', async () => {
  const [feed, store] = [new Feed(), new CountingStore()];
  store.newest = 1;
  const reader = follower(feed, store);
  await reader.next();
  const waiting = reader.next();
  publish(feed, store, 3, 4);
  expect(await sequencesOf(waiting)).toEqual([2, 3, 4]);
});

test('a store that fails fails the reader and ends it', async () => {
  const feed = new Feed();
  const read = async (): Promise<StoredPage> => await Promise.reject(new Error('away'));
  const signal = new AbortController().signal;
  const reader = feed.follow({ runId, position: { attempt: 1, sequence: 0 }, signal, read });
  await expect(reader.next()).rejects.toThrow('away');
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(feed.size).toBe(0);
});

test('nothing is kept of readers that left, whichever way', async () => {
  const [feed, store, controller] = [new Feed(), new CountingStore(), new AbortController()];
  const readers = [0, 1, 2].map(() => follower(feed, store, controller.signal));
  const waiting = readers.map((reader) => reader.next());
  expect(feed.size).toBe(1);
  await readers[0]?.return?.();
  publish(feed, store, 1, 1);
  expect((await waiting[0])?.done).toBe(true);
  expect((await waiting[1])?.value).toHaveLength(1);
  controller.abort();
  expect((await readers[1]?.next())?.done).toBe(true);
  expect(feed.size).toBe(0);
});

test('two calls of next at once are refused', async () => {
  const [feed, store] = [new Feed(), new CountingStore()];
  const reader = follower(feed, store);
  const first = reader.next();
  await nextTurn();
  await nextTurn();
  await expect(reader.next()).rejects.toThrow('one reader');
  await reader.return?.();
  expect((await first).done).toBe(true);
});
