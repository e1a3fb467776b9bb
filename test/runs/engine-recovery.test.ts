import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ExecutableAgent, StartRequest } from '../../src/runs/engine.ts';
import type { Execution, Executor } from '../../src/runs/executor.ts';
import type { OpenedLog } from '../stores/run-log-contract.ts';
import { openFileLog } from '../stores/sqlite-data.ts';
import { until } from '../support/wait.ts';
import {
  agentWith,
  completed,
  eventsOf,
  hanging,
  kindsOf,
  never,
  openEngine,
  RecordingLog,
  say,
  saying,
  startRequest,
  type EngineSetup,
} from './engine-fixture.ts';

let store: OpenedLog;

beforeEach(async () => {
  store = await openFileLog();
});

afterEach(async () => {
  await store.close();
});

/** Starts a run, says one word, and loses the process: returns its id. */
async function lost(
  agent: ExecutableAgent = agentWith(hanging(true)),
  changes: Partial<StartRequest> = {},
): Promise<string> {
  const engine = openEngine({ log: store.log });
  const { record } = await engine.start(startRequest(agent, changes));
  await until(async () => (await engine.load(record.id))?.snapshot.text === 'Wait', {
    what: 'the first word',
  });
  await engine.drain(0);
  return record.id;
}

/** The next life on the same data. */
async function nextLife(setup: Omit<EngineSetup, 'log'>) {
  if (!store.reopen) throw new Error('the log of a file can be opened again');
  const log = await store.reopen();
  const engine = openEngine({ ...setup, log });
  return { log, engine, recovered: await engine.recover() };
}

async function stateOf(
  engine: { load: (id: string) => Promise<{ snapshot: object } | undefined> },
  id: string,
): Promise<object | undefined> {
  return (await engine.load(id))?.snapshot;
}

describe('runs of an earlier life', () => {
  test('of an agent that another one asked fail: whoever waited for them is lost too', async () => {
    const id = await lost(undefined, { door: 'agent' });
    const { engine } = await nextLife({ agents: [agentWith(saying('again'))] });
    expect(await stateOf(engine, id)).toMatchObject({
      state: 'failed',
      finished: { failure: { message: expect.stringContaining('the agent that waited for it was lost') } },
    });
  });

  test('are executed again: the text starts anew, secrets and conversation are there', async () => {
    const secrets = { token: 'hunter22' };
    const id = await lost(undefined, { secrets, contextValues: { a: 1 } });
    const seen: Execution[] = [];
    const executor: Executor = async function* (execution) {
      seen.push(execution);
      yield say('again', true, true);
      return completed;
    };
    const { engine, recovered } = await nextLife({ agents: [agentWith(executor)] });
    const events = await eventsOf(engine, id);
    expect(recovered).toBe(1);
    expect(events.map(({ attempt, sequence, event }) => `${attempt}-${sequence} ${event.kind}`)).toEqual([
      '1-1 accepted',
      '1-2 text',
      '2-1 restarted',
      '2-2 text',
      '2-3 finished',
    ]);
    expect(await stateOf(engine, id)).toMatchObject({ state: 'completed', text: 'again', attempt: 2 });
    expect(seen).toMatchObject([{ attempt: 2, contextValues: { a: 1, token: 'hunter22' } }]);
    expect(await engine.recover()).toBe(0);
  });

  test.each<[string, Omit<EngineSetup, 'log'>, RegExp]>([
    [
      'whose agent says so',
      { agents: [agentWith(saying('no'), { onReplicaLoss: 'fail' })] },
      /its process was lost/,
    ],
    ['whose agent is gone', { agents: [] }, /no longer declared/],
    ['whose secrets cannot be opened', { agents: [agentWith(saying('no'))], key: randomBytes(32) }, /secret/],
    [
      'whose agent cannot be made',
      {
        findAgent: () => {
          throw new Error('bad schema');
        },
      },
      /could not be/,
    ],
  ])('fail, %s, and the others are recovered all the same', async (_name, setup, message) => {
    const id = await lost(undefined, { secrets: { token: 'hunter22' } });
    const logger = new RecordingLog();
    const { engine } = await nextLife({ ...setup, logger });
    const settled = (await engine.load(id))?.snapshot;
    expect(settled).toMatchObject({
      state: 'failed',
      finished: { failure: { code: 'internal_error', message: expect.stringMatching(message) } },
    });
    expect(kindsOf(await eventsOf(engine, id)).filter((kind) => kind === 'finished')).toHaveLength(1);
    expect(await engine.recover()).toBe(0);
  });

  test('that were lost twice fail', async () => {
    const id = await lost();
    const second = await nextLife({ agents: [agentWith(hanging(true))] });
    await until(async () => (await second.engine.load(id))?.snapshot.attempt === 2, {
      what: 'the second attempt',
    });
    await second.engine.drain(0);
    const third = await nextLife({ agents: [agentWith(saying('never'))] });
    expect(await stateOf(third.engine, id)).toMatchObject({ state: 'failed', attempt: 3 });
    expect(kindsOf(await eventsOf(third.engine, id)).filter((kind) => kind === 'restarted')).toHaveLength(1);
  });

  test('that finished or wait for their caller are left alone', async () => {
    const engine = openEngine({ log: store.log });
    const states = ['completed', 'failed', 'input-required'] as const;
    for (const state of states) {
      const executor: Executor = async function* () {
        yield say('a', true, true);
        return { state };
      };
      const { record } = await engine.start(startRequest(agentWith(executor)));
      await engine.settled(record, never);
    }
    expect((await nextLife({ agents: [agentWith(saying('no'))] })).recovered).toBe(0);
  });

  test('one life writes nothing more once another has the run', async () => {
    let closed: string | undefined;
    const executor: Executor = async function* ({ signal }) {
      try {
        for (let index = 0; ; index += 1) {
          yield say('Wait', true);
          await nextTurn();
        }
      } finally {
        closed = String(signal.aborted);
      }
    };
    const logger = new RecordingLog();
    const engine = openEngine({ log: store.log, logger });
    const { record } = await engine.start(startRequest(agentWith(executor)));
    await until(async () => (await engine.load(record.id))?.snapshot.text === 'Wait', {
      what: 'the first word',
    });
    expect(await store.log.takeOver(record.id, 1)).toBe(2);
    await until(() => engine.liveRuns === 0, { what: 'the zombie to stop' });
    const snapshot = (await engine.load(record.id))?.snapshot;
    expect(snapshot).toMatchObject({ attempt: 2, sequence: 0, state: 'working' });
    expect(closed).toBe('true');
    expect(logger.errors()).toEqual([]);
  });
});

describe('draining', () => {
  test('waits for live runs', async () => {
    const held = Promise.withResolvers<void>();
    const executor: Executor = async function* () {
      yield say('Wait', true);
      await held.promise;
      return completed;
    };
    const engine = openEngine({ log: store.log });
    const { record } = await engine.start(startRequest(agentWith(executor)));
    const draining = engine.drain(5_000);
    await nextTurn();
    held.resolve();
    await draining;
    expect(await stateOf(engine, record.id)).toMatchObject({ state: 'completed' });
  });

  test('gives up what outlives the grace: stored as far as it came, without an end', async () => {
    const engine = openEngine({ log: store.log });
    const heeding = await engine.start(startRequest(agentWith(hanging(true))));
    const ignoring = await engine.start(startRequest(agentWith(hanging(false))));
    await engine.drain(10);
    expect(engine.liveRuns).toBe(0);
    for (const { record } of [heeding, ignoring]) {
      expect(await stateOf(engine, record.id)).toMatchObject({ state: 'working', text: 'Wait' });
    }
  });

  test('ends also when runs are started in the middle of it', async () => {
    const engine = openEngine({ log: store.log });
    await engine.start(startRequest(agentWith(hanging(true))));
    const draining = engine.drain(0);
    const late = engine.start(startRequest(agentWith(hanging(true))));
    await Promise.all([draining, late]);
    await engine.drain(0);
    expect(engine.liveRuns).toBe(0);
  });

  test('leaves nothing behind that writes after the store has closed', async () => {
    const logger = new RecordingLog();
    const engine = openEngine({ log: store.log, logger });
    const reader = new AbortController();
    const { record } = await engine.start(startRequest(agentWith(hanging(true))));
    const settled = engine.settled(record, reader.signal);
    await engine.drain(0);
    await store.log.close();
    reader.abort();
    expect(await settled).toBeUndefined();
    expect(getEventListeners(reader.signal, 'abort')).toHaveLength(0);
    expect(logger.errors()).toEqual([]);
  });
});
