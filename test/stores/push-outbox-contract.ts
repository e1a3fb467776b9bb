import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Delivery } from '../../src/a2a/push/outbox.ts';
import { describeDeadLetters, describeQueues } from './push-outbox-queues.ts';
import {
  ever,
  events,
  piece,
  pushConfig,
  restarted,
  step,
  structured,
  type OpenedOutbox,
  type Subject,
} from './push-samples.ts';
import { finished, finishedRun, once, runRecord, SampleRun, startRun } from './run-samples.ts';

/** Every promise of the PushOutbox port, and what the run log of the same store writes into it. */
export function describePushOutbox(name: string, open: () => Promise<OpenedOutbox>): void {
  describe(name, () => {
    let store: OpenedOutbox;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.close();
    });
    const subject: Subject = {
      log: () => store.log,
      outbox: () => store.outbox,
      reopen: async () => await store.reopen(),
      start: async (config = pushConfig('a')) => {
        const record = runRecord();
        await store.log.create(record, { ...once, pushConfig: config });
        return new SampleRun(store.log, record);
      },
      drain: async () => {
        const taken: Delivery[] = [];
        for (;;) {
          const due = await store.outbox.due(ever, 10);
          if (due.length === 0) return taken;
          taken.push(...due);
          for (const { id } of due) await store.outbox.delivered(id, 1);
        }
      },
    };
    describeConfigs(subject);
    describeNotifications(subject);
    describeQueues(subject);
    describeDeadLetters(subject);
  });
}

function describeConfigs({ log, outbox, reopen, start, drain }: Subject): void {
  test('configs are listed oldest first, replaced in place, and survive', async () => {
    const run = await start(pushConfig('a'));
    expect(await outbox().save(run.id, pushConfig('b'), 10)).toBe(true);
    expect(await outbox().save(run.id, pushConfig('a', { sealed: 'other' }), 10)).toBe(true);
    const both = [pushConfig('a', { sealed: 'other' }), pushConfig('b')];
    expect(await outbox().list(run.id)).toEqual(both);
    await reopen();
    expect(await outbox().list(run.id)).toEqual(both);
    expect(await outbox().list('no such run')).toEqual([]);
  });

  test('a run has so many configs and no more; replacing one is always possible', async () => {
    const run = await start(pushConfig('a'));
    expect(await outbox().save(run.id, pushConfig('b'), 2)).toBe(true);
    expect(await outbox().save(run.id, pushConfig('c'), 2)).toBe(false);
    expect(await outbox().save(run.id, pushConfig('b'), 2)).toBe(true);
    expect((await outbox().list(run.id)).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('a removed config takes its notifications along; removing it again is no error', async () => {
    const run = await start();
    await run.save(step, finished('completed'));
    await outbox().remove(run.id, 'a');
    await outbox().remove(run.id, 'a');
    await outbox().remove('no such run', 'a');
    expect(await drain()).toEqual([]);
    expect(await outbox().list(run.id)).toEqual([]);
  });

  test('the config of a request that attaches to an earlier run is not stored', async () => {
    const record = runRecord({ messageId: 'm' });
    const again = runRecord({ messageId: 'm', contextId: record.contextId });
    await log().create(record, { windowMs: 60_000 });
    const outcome = await log().create(again, { windowMs: 60_000, pushConfig: pushConfig('a') });
    expect(outcome.outcome).toBe('existing');
    expect(await outbox().list(record.id)).toEqual([]);
  });

  test('a finished run takes a config that never hears of anything', async () => {
    const run = await finishedRun(log(), 'completed');
    expect(await outbox().save(run.id, pushConfig('a'), 10)).toBe(true);
    expect(await drain()).toEqual([]);
  });

  test('configs and notifications go with the run', async () => {
    const run = await start();
    await run.save(step, finished('completed', 5));
    await log().sweep({ runsBefore: ever, eventsBefore: ever });
    expect(await log().load(run.id)).toBeUndefined();
    expect(await drain()).toEqual([]);
    expect(await outbox().list(run.id)).toEqual([]);
  });
}

function describeNotifications({ log, outbox, reopen, start, drain }: Subject): void {
  test('there is one for each change of state and each whole artifact', async () => {
    const run = await start();
    await run.save(step, step, piece('a'));
    await run.append(piece('b'), piece('c', true));
    await run.append(structured, step);
    await run.save(finished('completed'));
    const due = await drain();
    expect(events(due)).toEqual(['1-2', '1-6', '1-7', '1-9']);
    expect(due[0]).toEqual({
      id: expect.any(String),
      queue: due[1]?.queue,
      runId: run.id,
      config: pushConfig('a'),
      position: { attempt: 1, sequence: 2 },
      tries: 0,
    });
  });

  test('a config without artifacts gets the changes of state alone', async () => {
    const run = await start(pushConfig('a', { artifacts: false }));
    await run.save(step, piece('b', true), structured, finished('input-required'));
    expect(events(await drain())).toEqual(['1-2', '1-5']);
  });

  test('the first event may be a whole text, or the end', async () => {
    const whole = await start(pushConfig('a', { artifacts: false }));
    await whole.save(piece('all', true), finished('completed'));
    expect(events(await drain())).toEqual(['1-2', '1-3']);
    const rejected = await start();
    await rejected.save(finished('rejected'));
    expect(events(await drain())).toEqual(['1-2']);
  });

  test('a task that goes on after a question has some for all of it', async () => {
    const run = await start();
    await run.save(step, finished('input-required'));
    await log().takeOver(run.id, 1);
    run.continueAs(2);
    const { request, contentHash } = run.record;
    await run.save({ kind: 'continued', at: 1, request, contentHash });
    const artifact = { artifactId: 'a', parts: [] };
    await run.append(
      { kind: 'artifact', at: 1, artifact, append: false, last: false },
      { kind: 'status', at: 1, message: { parts: [] } },
      { kind: 'artifact', at: 1, artifact, append: true, last: true },
    );
    await run.save(finished('completed'));
    expect(events(await drain())).toEqual(['1-2', '1-3', '2-1', '2-4', '2-5']);
  });

  test('an attempt that begins anew is no change of state, unless the first one had not begun', async () => {
    const run = await start();
    await run.save(step);
    await log().takeOver(run.id, 1);
    run.continueAs(2);
    await run.save(restarted, piece('b', true), finished('completed'));
    expect(events(await drain())).toEqual(['1-2', '2-2', '2-3']);
    const early = await start();
    await log().takeOver(early.id, 1);
    early.continueAs(2);
    await early.save(restarted, finished('failed'));
    expect(events(await drain())).toEqual(['2-1', '2-2']);
  });

  test('each config has its own; a run without one has none', async () => {
    const run = await start(pushConfig('a'));
    await run.save(step);
    await outbox().save(run.id, pushConfig('b', { artifacts: false }), 10);
    await run.save(structured, finished('completed'));
    const other = await startRun(log());
    await other.save(step, finished('completed'));
    const due = await drain();
    const of = (id: string): string[] => events(due.filter(({ config }) => config.id === id));
    expect(of('a')).toEqual(['1-2', '1-3', '1-4']);
    expect(of('b')).toEqual(['1-4']);
    expect(due).toHaveLength(4);
  });

  test('what is fenced off leaves none behind', async () => {
    const run = await start();
    await log().takeOver(run.id, 1);
    await expect(run.save(step)).rejects.toMatchObject({ name: 'FencedError' });
    expect(await drain()).toEqual([]);
  });

  test('they and their configs survive, for runs that go on too', async () => {
    const run = await start();
    await run.save(step);
    await reopen();
    await log().takeOver(run.id, 1);
    const next = new SampleRun(log(), run.record);
    next.continueAs(2);
    await next.save(restarted, finished('failed'));
    expect(events(await drain())).toEqual(['1-2', '2-2']);
  });

  test('every write that makes one due is told', async () => {
    let told = 0;
    const stop = outbox().onWrite(() => (told += 1));
    const silent = await startRun(log());
    await silent.save(step, finished('completed'));
    expect(told).toBe(0);
    const run = await start();
    const before = told;
    await run.save(step);
    expect(told).toBe(before + 1);
    await run.append(piece('b'));
    expect(told).toBe(before + 1);
    stop();
    await run.save(finished('completed'));
    expect(told).toBe(before + 1);
  });
}
