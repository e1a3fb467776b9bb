import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Call } from '../../src/a2a/call.ts';
import { RunStream, type Frame } from '../../src/a2a/run-stream.ts';
import { v03Codec } from '../../src/a2a/v03/codec.ts';
import type { Executor } from '../../src/runs/executor.ts';
import { parseEventId } from '../../src/runs/event.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import { defaultProperties } from '../../src/runs/properties.ts';
import type { RunRecord } from '../../src/runs/record.ts';
import { completed, never, say, startRequest, agentWith } from '../runs/engine-fixture.ts';
import { beginning } from '../stores/run-samples.ts';
import { callOn, countingCodec, openDesk, type Desk } from './operations-fixture.ts';

let desk: Desk;
let goOn: PromiseWithResolvers<void>;

/** Says a word, waits for the test, says another one. */
const executor: Executor = async function* () {
  yield say('one ', true);
  await goOn.promise;
  yield { kind: 'structured', at: 1, data: { a: 1 } };
  yield say('two', false, true);
  return completed;
};

beforeEach(() => {
  goOn = Promise.withResolvers();
  desk = openDesk(executor);
});

afterEach(async () => {
  await desk.close();
});

async function start(): Promise<RunRecord> {
  return (await desk.engine.start(startRequest(agentWith(executor)))).record;
}

async function loaded(record: RunRecord): Promise<LoadedRun> {
  const run = await desk.engine.load(record.id);
  if (!run) throw new Error('the run is gone');
  return run;
}

function fromBeginning(record: RunRecord, call: Call): RunStream {
  return new RunStream(desk.engine, record, call, { from: beginning });
}

async function framesOf(stream: RunStream): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const batch of stream) frames.push(...batch);
  return frames;
}

async function finishedRun(): Promise<RunRecord> {
  goOn.resolve();
  const record = await start();
  await desk.engine.settled(record, never);
  return record;
}

describe('frames', () => {
  test('from the beginning: one per event, each with its id', async () => {
    const record = await start();
    const reading = framesOf(fromBeginning(record, callOn(desk)));
    goOn.resolve();
    const frames = await reading;
    expect(frames.map(({ id }) => id)).toEqual(['1-1', '1-2', '1-3', '1-4', '1-5']);
    expect(frames.map(({ json }) => Object.keys(JSON.parse(json) as object)[0])).toEqual([
      'task',
      'artifactUpdate',
      'artifactUpdate',
      'artifactUpdate',
      'statusUpdate',
    ]);
  });

  test.each([
    ['1.0', undefined],
    ['0.3', v03Codec],
  ])('%s: from any cursor the rest of the whole, to the letter', async (_version, codec) => {
    const record = await finishedRun();
    const call = callOn(desk, codec && { codec });
    const whole = await framesOf(fromBeginning(record, call));
    expect(whole).toHaveLength(5);
    for (const [index, { id }] of whole.entries()) {
      const from = parseEventId(id) ?? beginning;
      expect(await framesOf(new RunStream(desk.engine, record, call, { from }))).toEqual(
        whole.slice(index + 1),
      );
    }
  });

  test.each([
    ['1.0', undefined],
    ['0.3', v03Codec],
  ])(
    '%s: from a snapshot the task first, and together with the rest the whole answer',
    async (_version, codec) => {
      const record = await start();
      for await (const batch of desk.engine.read(record.id, beginning))
        if (batch.at(-1)?.event.kind === 'text') break;
      const first = await loaded(record);
      const call = callOn(desk, codec && { codec });
      const stream = new RunStream(desk.engine, record, call, { from: first.snapshot, first });
      const reading = framesOf(stream);
      goOn.resolve();
      const frames = await reading;
      expect(frames.map(({ id }) => id)).toEqual(['1-2', '1-3', '1-4', '1-5']);
      expect(frames[0]?.json).toContain('"one "');
      const whole = await framesOf(fromBeginning(record, call));
      expect(frames.slice(1)).toEqual(whole.slice(2));
      expect(first.snapshot.text).toBe('one ');
    },
  );

  test('of a finished run from its snapshot: the task, and nothing is waited for', async () => {
    const record = await finishedRun();
    const first = await loaded(record);
    const frames = await framesOf(
      new RunStream(desk.engine, record, callOn(desk), { from: first.snapshot, first }),
    );
    expect(frames.map(({ id }) => id)).toEqual(['1-5']);
    expect(JSON.parse(frames[0]?.json ?? '')).toMatchObject({
      task: { status: { state: 'TASK_STATE_COMPLETED' } },
    });
  });

  test('a reader that wants neither steps nor pieces gets the ends only', async () => {
    const record = await finishedRun();
    const call = callOn(desk, { properties: { ...defaultProperties(), answerIn: 'status' } });
    const frames = await framesOf(fromBeginning(record, call));
    expect(frames.map(({ id }) => id)).toEqual(['1-1', '1-5']);
    expect(frames[1]?.json).toContain('one two');
  });

  test('a reader may leave while it waits: the stream ends at once, and the run goes on', async () => {
    const record = await start();
    const stream = fromBeginning(record, callOn(desk));
    const reading = framesOf(stream);
    await stream.return();
    expect((await reading).length).toBeLessThanOrEqual(2);
    expect(desk.engine.liveRuns).toBe(1);
  });
});

describe('encodings', () => {
  test('live readers of one dialect share them: each event is encoded once', async () => {
    const codec = countingCodec();
    const record = await start();
    const readings = Array.from({ length: 20 }, () =>
      framesOf(fromBeginning(record, callOn(desk, { codec }))),
    );
    // Everybody has read what is stored: what follows is live.
    for await (const batch of desk.engine.read(record.id, beginning))
      if (batch.at(-1)?.event.kind === 'text') break;
    const before = codec.encoded;
    goOn.resolve();
    const all = await Promise.all(readings);
    expect(new Set(all.map((frames) => JSON.stringify(frames))).size).toBe(1);
    expect(all[0]).toHaveLength(5);
    expect(codec.encoded - before).toBe(3);
  });

  test('readers of other dialects get their own', async () => {
    const record = await start();
    const calls = [
      callOn(desk),
      callOn(desk, { codec: v03Codec }),
      callOn(desk, { properties: { ...defaultProperties(), answerIn: 'both' } }),
      callOn(desk, { properties: { ...defaultProperties(), answerIn: 'status' } }),
    ];
    const live = calls.map((call) => framesOf(fromBeginning(record, call)));
    goOn.resolve();
    const seen = await Promise.all(live);
    const replayed = await Promise.all(calls.map((call) => framesOf(fromBeginning(record, call))));
    expect(seen).toEqual(replayed);
    expect(new Set(seen.map((frames) => frames.at(-1)?.json)).size).toBe(3);
  });

  test('a stored event never holds them', async () => {
    const record = await start();
    const reading = framesOf(fromBeginning(record, callOn(desk)));
    goOn.resolve();
    await reading;
    const events = [];
    for await (const batch of desk.engine.read(record.id, beginning)) events.push(...batch);
    expect(events.filter(({ encodings }) => encodings)).toEqual([]);
  });
});
