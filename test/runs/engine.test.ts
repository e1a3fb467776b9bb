import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunEngine } from '../../src/runs/engine.ts';
import type { Execution, Executor } from '../../src/runs/executor.ts';
import type { JsonObject } from '../../src/runs/message.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { until } from '../support/wait.ts';
import {
  agentWith,
  completed,
  eventsOf,
  kindsOf,
  never,
  openEngine,
  RecordingLog,
  say,
  saying,
  startRequest,
} from './engine-fixture.ts';

let log: SqliteRunLog;
let logger: RecordingLog;
let engine: RunEngine;

beforeEach(() => {
  log = openLog(':memory:');
  logger = new RecordingLog();
  engine = openEngine({ log, logger });
});

afterEach(async () => {
  await engine.drain(0);
  await log.close();
});

describe('a run', () => {
  test('is started, followed and settled; store, stream and answer are the same', async () => {
    const { record, created } = await engine.start(startRequest(agentWith(saying('Hel', 'lo'))));
    const [events, answer] = await Promise.all([eventsOf(engine, record.id), engine.settled(record, never)]);
    expect(created).toBe(true);
    expect(kindsOf(events)).toEqual(['accepted', 'text', 'text', 'finished']);
    expect(answer).toMatchObject({ state: 'completed', text: 'Hello' });
    expect((await engine.load(record.id))?.snapshot).toEqual(answer);
    expect(await engine.settled(record, never)).toEqual(answer);
    await until(() => engine.liveRuns === 0, { what: 'the attempt to be forgotten' });
  });

  test('that is not waited for answers nothing when the caller leaves', async () => {
    const executor: Executor = async function* ({ signal }) {
      yield say('a', true);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return completed;
    };
    const { record } = await engine.start(startRequest(agentWith(executor)));
    const reader = new AbortController();
    const settled = engine.settled(record, reader.signal);
    reader.abort();
    expect(await settled).toBeUndefined();
    expect(engine.liveRuns).toBe(1);
  });

  test('is shown the message, the values with the secrets, and the conversation that it named', async () => {
    const seen: Execution[] = [];
    const executor: Executor = async function* (execution) {
      seen.push(execution);
      yield say(`answer ${seen.length}`, true, true);
      return completed;
    };
    const agent = agentWith(executor, { maxHistoryMessages: 2 });
    let contextId: string | undefined;
    for (const words of ['one', 'two', 'three']) {
      const message = {
        messageId: words,
        role: 'ROLE_USER' as const,
        parts: [{ text: words }],
        ...(contextId && { contextId }),
      };
      const request = startRequest(agent, {
        message,
        contextValues: { a: 1 },
        secrets: { token: 'hunter22' },
      });
      const { record } = await engine.start(request);
      contextId = record.contextId;
      await engine.settled(record, never);
    }
    expect(seen.map(({ history }) => history.map(({ text }) => text))).toEqual([
      [],
      ['one', 'answer 1'],
      ['two', 'answer 2'],
    ]);
    expect(seen[2]?.contextValues).toEqual({ a: 1, token: 'hunter22' });
    const stored = JSON.stringify(await engine.load(seen[2]?.record.id ?? ''));
    expect(stored).not.toContain('hunter22');
  });

  test('that yields 5,000 events at once stores them all, in order', async () => {
    const executor: Executor = async function* () {
      for (let index = 0; index < 5_000; index += 1) {
        yield index % 5 === 0
          ? { kind: 'structured', at: 1, data: { index } }
          : say(`${index} `, index === 1);
      }
      return completed;
    };
    const { record } = await engine.start(startRequest(agentWith(executor)));
    const events = await eventsOf(engine, record.id);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
    const said = events.flatMap(({ event }) => {
      if (event.kind === 'structured') return [Number(event.data['index'])];
      return event.kind === 'text' ? event.text.trim().split(' ').map(Number) : [];
    });
    expect(said).toEqual(Array.from({ length: 5_000 }, (_value, index) => index));
    expect((await engine.load(record.id))?.snapshot).toMatchObject({
      state: 'completed',
      structured: { index: 4_995 },
    });
  });

  test('whose words no store can keep still comes to an end', async () => {
    const executor: Executor = async function* () {
      yield say('a', true);
      let data: JsonObject = {};
      for (let depth = 0; depth < 100_000; depth += 1) data = { deeper: data };
      yield { kind: 'structured', at: 1, data };
      yield say('b');
      return completed;
    };
    const { record } = await engine.start(startRequest(agentWith(executor)));
    const settled = await engine.settled(record, AbortSignal.timeout(3_000));
    expect(settled).toMatchObject({ state: 'failed', finished: { failure: { code: 'internal_error' } } });
    const events = await eventsOf(engine, record.id);
    expect(kindsOf(events).filter((kind) => kind === 'finished')).toHaveLength(1);
    expect(logger.errors()).toEqual(['A run could not be written.']);
  });
});

describe('the same message again', () => {
  function counted(): { agent: ReturnType<typeof agentWith>; runs: () => number } {
    let runs = 0;
    const executor: Executor = async function* () {
      runs += 1;
      yield say(`run ${runs}`, true, true);
      return completed;
    };
    return { agent: agentWith(executor), runs: () => runs };
  }

  test('50 times at once: one execution, and everybody gets its answer', async () => {
    const { agent, runs } = counted();
    const request = startRequest(agent);
    const started = await Promise.all(Array.from({ length: 50 }, async () => await engine.start(request)));
    const answers = await Promise.all(started.map(async ({ record }) => await engine.settled(record, never)));
    expect(started.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(started.map(({ record }) => record.id)).size).toBe(1);
    expect(runs()).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ state: 'completed', text: 'run 1' });
  });

  test.each<[string, object]>([
    ['other words', { message: { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'Other' }] } }],
    ['other values', { contextValues: { a: 2 } }],
    ['another model', { llmId: 'other' }],
    ['a conversation of its own', { history: [{ by: 'USER', text: 'Hi' }] }],
  ])('with %s is refused, and names the field', async (_name, changes) => {
    const { agent, runs } = counted();
    const message = { messageId: 'm-1', role: 'ROLE_USER' as const, parts: [{ text: 'Hello' }] };
    const { record } = await engine.start(startRequest(agent, { message }));
    await expect(engine.start(startRequest(agent, { message, ...changes }))).rejects.toMatchObject({
      reason: 'invalid_request',
      details: { fields: { 'message.messageId': expect.any(String) } },
    });
    await engine.settled(record, never);
    expect(runs()).toBe(1);
  });

  test('of another owner or in another context is another run', async () => {
    const { agent, runs } = counted();
    const message = { messageId: 'm-1', role: 'ROLE_USER' as const, parts: [{ text: 'Hello' }] };
    const started = [
      await engine.start(startRequest(agent, { message })),
      await engine.start(startRequest(agent, { message, owner: 'user-2' })),
      await engine.start(startRequest(agent, { message: { ...message, contextId: 'mine' } })),
    ];
    for (const { record } of started) await engine.settled(record, never);
    expect(started.map(({ created }) => created)).toEqual([true, true, true]);
    expect(runs()).toBe(3);
  });

  test('after a failed run is executed anew', async () => {
    let runs = 0;
    const executor: Executor = async function* () {
      runs += 1;
      yield say('a', true, true);
      return { state: runs === 1 ? 'failed' : 'completed' };
    };
    const request = startRequest(agentWith(executor));
    const states: (string | undefined)[] = [];
    for (let time = 0; time < 3; time += 1) {
      const { record } = await engine.start(request);
      states.push((await engine.settled(record, never))?.state);
    }
    expect([states, runs]).toEqual([['failed', 'completed', 'completed'], 2]);
  });
});
