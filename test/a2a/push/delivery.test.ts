import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PushDelivery } from '../../../src/a2a/push/delivery.ts';
import type { Delivery } from '../../../src/a2a/push/outbox.ts';
import { defaultDelaysMs } from '../../../src/a2a/push/schedule.ts';
import type { SendOutcome } from '../../../src/a2a/push/sender.ts';
import { eventId } from '../../../src/runs/event.ts';
import { openDatabase } from '../../../src/stores/sqlite/database.ts';
import { SqlitePushOutbox } from '../../../src/stores/sqlite/push-outbox.ts';
import { PushRows } from '../../../src/stores/sqlite/push-rows.ts';
import { SqliteRunLog } from '../../../src/stores/sqlite/run-log.ts';
import { Feed } from '../../../src/runs/feed.ts';
import { recordingLog } from '../../http/local-server.ts';
import { pushConfig, step, structured } from '../../stores/push-samples.ts';
import { finished, once, runRecord, SampleRun } from '../../stores/run-samples.ts';
import { until } from '../../support/wait.ts';
import { ManualClock } from './manual-clock.ts';

const delivered: SendOutcome = { kind: 'delivered' };
const failed: SendOutcome = { kind: 'failed', error: 'HTTP 503' };

let database: ReturnType<typeof openDatabase>;
let log: SqliteRunLog;
let outbox: SqlitePushOutbox;
let clock: ManualClock;
let logger: ReturnType<typeof recordingLog>;
let delivery: PushDelivery;
/** What is under way, and how to end it. */
let tries: { delivery: Delivery; end: (outcome: SendOutcome) => void; aborted: () => boolean }[];

beforeEach(() => {
  database = openDatabase(':memory:');
  const rows = new PushRows(database);
  log = new SqliteRunLog(database, new Feed(), rows);
  outbox = new SqlitePushOutbox(database, rows);
  clock = new ManualClock();
  logger = recordingLog();
  tries = [];
  const sender = {
    send: async (sent: Delivery, abandon: AbortSignal) => {
      const { promise, resolve } = Promise.withResolvers<SendOutcome>();
      abandon.addEventListener('abort', () => resolve(failed));
      tries.push({ delivery: sent, end: resolve, aborted: () => abandon.aborted });
      return await promise;
    },
  };
  const random = (): number => 0.5;
  const limits = { delaysMs: defaultDelaysMs, random, concurrency: 3, concurrencyPerReceiver: 2 };
  delivery = new PushDelivery({ outbox, sender, logger, clock, ...limits });
  delivery.start();
});

afterEach(async () => {
  const stopped = delivery.stop(0);
  clock.advance(0);
  await stopped;
  await log.close();
});

async function start(configId = 'a', host = configId): Promise<SampleRun> {
  const record = runRecord();
  const target = `https://${host}.example/hook`;
  await log.create(record, { ...once, pushConfig: pushConfig(configId, { target }) });
  return new SampleRun(log, record);
}

/** Waits for the next try. */
async function nextTry(): Promise<(typeof tries)[number]> {
  await until(() => tries.length, { what: 'a try' });
  const [first] = tries.splice(0, 1);
  if (!first) throw new Error('There is no try.');
  return first;
}

/** Waits until the delivery has set its timer so far ahead, and moves the clock there. */
async function passDelay(ms: number): Promise<void> {
  await until(() => clock.next === ms, { what: `a timer ${ms} ms ahead` });
  clock.advance(ms - 1);
  expect(tries).toEqual([]);
  clock.advance(1);
}

describe('one queue', () => {
  test('is delivered in order, one at a time', async () => {
    const run = await start();
    await run.save(step, structured, finished('completed'));
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { delivery: sent, end } = await nextTry();
      expect(tries).toEqual([]);
      seen.push(eventId(sent.position));
      end(delivered);
    }
    expect(seen).toEqual(['1-2', '1-3', '1-4']);
    await until(async () => (await outbox.nextDueAt(0)) === undefined, { what: 'an empty outbox' });
  });

  test('waits behind a head that fails: seven more tries, then a dead letter, then the next one', async () => {
    const run = await start();
    await run.save(step, finished('completed'));
    for (const delay of [5, 30, 120, 600, 1800, 7200, 21_600]) {
      const { delivery: sent, end } = await nextTry();
      expect(eventId(sent.position)).toBe('1-2');
      end(failed);
      await passDelay(delay * 1000);
    }
    (await nextTry()).end(failed);
    const next = await nextTry();
    expect(eventId(next.delivery.position)).toBe('1-3');
    next.end(delivered);
    const { deadLetters } = await outbox.deadLetters({ limit: 10, offset: 0 });
    expect(deadLetters).toMatchObject([{ tries: 8, error: 'HTTP 503', configId: 'a', at: clock.now() }]);
    expect(logger.entries).toMatchObject([
      { level: 'warn', message: 'A push notification is given up.', fields: { taskId: run.id, tries: 8 } },
    ]);
  });

  test('is tried when the receiver asked to be called again', async () => {
    const run = await start();
    await run.save(step);
    (await nextTry()).end({ ...failed, retryAfterMs: 60_000 });
    await passDelay(60_000);
    (await nextTry()).end(delivered);
  });

  test('ends with its config when the receiver is gone', async () => {
    const run = await start();
    await run.save(step, structured, finished('completed'));
    (await nextTry()).end({ kind: 'gone' });
    await until(async () => (await outbox.list(run.id)).length === 0, { what: 'the config to go' });
    expect(await outbox.due(clock.now(), 10)).toEqual([]);
    expect((await outbox.deadLetters({ limit: 1, offset: 0 })).total).toBe(0);
  });
});

describe('many queues', () => {
  test('do not wait for each other, and so many are under way at once', async () => {
    const runs = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (id) => await start(id)));
    for (const run of runs) await run.save(step);
    await until(() => tries.length === 3, { what: 'three tries' });
    const [first, second, third] = tries.splice(0, 3);
    first?.end(failed);
    const fourth = await nextTry();
    second?.end(delivered);
    const fifth = await nextTry();
    expect(tries).toEqual([]);
    const sent = [first, second, third, fourth, fifth].map((one) => one?.delivery.config.id);
    expect(new Set(sent)).toEqual(new Set(['a', 'b', 'c', 'd', 'e']));
    for (const one of [third, fourth, fifth]) one?.end(delivered);
    await passDelay(5000);
    (await nextTry()).end(delivered);
  });

  test('of one receiver leave room for those of others', async () => {
    const slow = await Promise.all(['a', 'b', 'c', 'd'].map(async (id) => await start(id, 'slow')));
    const other = await start('e', 'other');
    for (const run of [...slow, other]) await run.save(step);
    await until(() => tries.length === 3, { what: 'three tries' });
    expect(tries.map((one) => one.delivery.config.id)).toEqual(['a', 'b', 'e']);
    tries.at(2)?.end(delivered);
    await until(async () => (await outbox.due(clock.now(), 10)).length === 4, { what: 'the end of one' });
    tries.at(0)?.end(delivered);
    await until(() => tries.length === 4, { what: 'the next of the slow ones' });
    expect(tries.at(3)?.delivery.config.id).toBe('c');
  });
});

describe('a store that is away', () => {
  test('is asked again; what arrived is not sent a second time meanwhile', async () => {
    const run = await start();
    await run.save(step, finished('completed'));
    const first = await nextTry();
    database.exec(`CREATE TRIGGER away BEFORE DELETE ON push_outbox BEGIN SELECT RAISE(ABORT, 'away'); END`);
    first.end(delivered);
    await until(() => clock.next === 1000, { what: 'the pause' });
    expect(tries).toEqual([]);
    database.exec('DROP TRIGGER away');
    clock.advance(1000);
    const next = await nextTry();
    expect(eventId(next.delivery.position)).toBe('1-3');
    next.end(delivered);
  });
});

describe('stopping', () => {
  test('begins nothing more and lets what is under way end', async () => {
    const run = await start();
    await run.save(step, finished('completed'));
    const under = await nextTry();
    const stopped = delivery.stop(1000);
    under.end(delivered);
    await stopped;
    expect(under.aborted()).toBe(false);
    expect(tries).toEqual([]);
    expect((await outbox.due(clock.now(), 10)).map(({ position }) => eventId(position))).toEqual(['1-3']);
  });

  test('abandons what does not end in time: it is due still, as if it had not been tried', async () => {
    const run = await start();
    await run.save(step);
    const under = await nextTry();
    const stopped = delivery.stop(1000);
    clock.advance(1000);
    await stopped;
    expect(under.aborted()).toBe(true);
    expect(await outbox.due(clock.now(), 10)).toMatchObject([{ tries: 0 }]);
  });
});
