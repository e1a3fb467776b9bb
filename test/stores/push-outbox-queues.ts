import { expect, test } from '@jest/globals';
import { ever, events, failure, step, structured, type Subject } from './push-samples.ts';
import { finished } from './run-samples.ts';

/** In which order and when notifications are due. */
export function describeQueues({ outbox, reopen, start, drain }: Subject): void {
  test('only the head of a queue is due; behind one that failed the others wait', async () => {
    const run = await start();
    await run.save(step, structured, finished('completed'));
    const [head, ...others] = await outbox().due(ever, 10);
    expect(others).toEqual([]);
    await outbox().postpone(head?.id ?? '', { ...failure, dueAt: 5000 });
    expect(await outbox().due(4999, 10)).toEqual([]);
    expect(await outbox().nextDueAt(4999)).toBe(5000);
    expect(await outbox().nextDueAt(5000)).toBeUndefined();
    await reopen();
    expect(await outbox().due(5000, 10)).toEqual([{ ...head, tries: 1 }]);
    await outbox().delivered(head?.id ?? '', 7000);
    expect(await outbox().due(6999, 10)).toEqual([]);
    expect(events(await outbox().due(7000, 10))).toEqual(['1-3']);
    expect(events(await drain())).toEqual(['1-3', '1-4']);
  });

  test('one queue does not wait for another; longest due comes first', async () => {
    const [one, other] = [await start(), await start()];
    await one.save(step);
    await other.save(step);
    const [first, second] = await outbox().due(ever, 10);
    await outbox().postpone(first?.id ?? '', { ...failure, dueAt: 10 });
    await outbox().postpone(second?.id ?? '', { ...failure, dueAt: 5 });
    expect((await outbox().due(ever, 10)).map(({ id }) => id)).toEqual([second?.id, first?.id]);
    expect(await outbox().due(ever, 1)).toHaveLength(1);
    expect(await outbox().nextDueAt(5)).toBe(10);
  });

  test('what came of a notification that is gone says nothing', async () => {
    const run = await start();
    await run.save(step);
    const [due] = await outbox().due(ever, 10);
    await outbox().remove(run.id, 'a');
    await outbox().delivered(due?.id ?? '', 1);
    await outbox().postpone(due?.id ?? '', { ...failure, dueAt: 1 });
    await outbox().bury(due?.id ?? '', { ...failure, at: 1 });
    expect(await drain()).toEqual([]);
    expect((await outbox().deadLetters({ limit: 10, offset: 0 })).total).toBe(0);
  });
}

/** What was given up. */
export function describeDeadLetters({ outbox, reopen, start, drain }: Subject): void {
  test('a dead letter is listed with what it was about; those behind it go on', async () => {
    const run = await start();
    await run.save(step, finished('completed'));
    const [due] = await outbox().due(ever, 10);
    await outbox().bury(due?.id ?? '', { tries: 8, error: 'HTTP 500', at: 9000 });
    await reopen();
    expect(await outbox().deadLetters({ limit: 10, offset: 0 })).toEqual({
      deadLetters: [
        {
          id: due?.id,
          runId: run.id,
          agentId: 'order-desk',
          owner: 'user-1',
          configId: 'a',
          target: 'https://receiver.example/a',
          position: { attempt: 1, sequence: 2 },
          tries: 8,
          error: 'HTTP 500',
          at: 9000,
        },
      ],
      total: 1,
    });
    expect(events(await drain())).toEqual(['1-3']);
  });

  test('pages are newest first', async () => {
    const runs = [await start(), await start(), await start()];
    for (const run of runs) await run.save(step);
    for (const [index, { id }] of (await outbox().due(ever, 10)).entries()) {
      await outbox().bury(id, { ...failure, at: index });
    }
    const page = async (offset: number): Promise<number[]> =>
      (await outbox().deadLetters({ limit: 2, offset })).deadLetters.map((letter) => letter.at);
    expect([await page(0), await page(2), await page(4)]).toEqual([[2, 1], [0], []]);
    expect((await outbox().deadLetters({ limit: 2, offset: 4 })).total).toBe(3);
  });

  test('redelivered, it stands at the end of its queue with all its tries before it', async () => {
    const run = await start();
    await run.save(step, structured, finished('completed'));
    const [due] = await outbox().due(ever, 10);
    await outbox().bury(due?.id ?? '', { tries: 8, error: 'HTTP 500', at: 1 });
    const [waiting] = await outbox().due(ever, 10);
    await outbox().postpone(waiting?.id ?? '', { ...failure, dueAt: 5000 });
    expect(await outbox().redeliver(due?.id ?? '', 10)).toBe(true);
    expect(await outbox().redeliver(due?.id ?? '', 10)).toBe(false);
    expect(await outbox().redeliver('no such one', 10)).toBe(false);
    expect(await outbox().redeliver(waiting?.id ?? '', 10)).toBe(false);
    expect(await outbox().due(4999, 10)).toEqual([]);
    const drained = await drain();
    expect(events(drained)).toEqual(['1-3', '1-4', '1-2']);
    expect(drained.at(-1)?.tries).toBe(0);
    expect((await outbox().deadLetters({ limit: 10, offset: 0 })).total).toBe(0);
  });

  test('redelivered into an empty queue, it is due at once', async () => {
    const run = await start();
    await run.save(step);
    const [due] = await outbox().due(ever, 10);
    await outbox().bury(due?.id ?? '', { ...failure, at: 1 });
    let told = 0;
    outbox().onWrite(() => (told += 1));
    await outbox().redeliver(due?.id ?? '', 10);
    expect(told).toBe(1);
    expect(await outbox().due(9, 10)).toEqual([]);
    expect(events(await outbox().due(10, 10))).toEqual(['1-2']);
  });
}
