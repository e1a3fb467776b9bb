import { expect, test } from '@jest/globals';
import type { RunEvent, Step, StepDetail } from '../../src/runs/event.ts';
import type { LoadedRun } from '../../src/runs/log.ts';
import { probeOf } from '../../src/runs/probe.ts';
import { emptySnapshot, fold } from '../../src/runs/snapshot.ts';
import { finished, runRecord, stored } from '../stores/run-samples.ts';

function step(id: string, type: Step['type'], status: Step['status'], detail?: StepDetail): RunEvent {
  const place = { iteration: 1, startedAt: '2026-01-01T00:00:00.000Z' };
  return { kind: 'step', at: 5, step: { id, type, name: id, status, ...place }, ...(detail && { detail }) };
}

const accepted: RunEvent = { kind: 'accepted', at: 1_000 };

function run(...events: RunEvent[]): [LoadedRun, ReturnType<typeof stored>] {
  const log = stored({ attempt: 1, sequence: 1 }, ...events);
  const snapshot = emptySnapshot(1_000);
  for (const event of log) fold(snapshot, event);
  return [{ record: runRecord({ createdAt: 1_000 }), snapshot }, log];
}

const round: RunEvent[] = [
  step('ask', 'model_call', 'in_progress'),
  step('ask', 'model_call', 'completed', {
    prompt: 'You are …',
    model: 'm',
    usage: { promptTokens: 1, completionTokens: 1 },
  }),
  step('one', 'tool_execution', 'in_progress'),
  step('two', 'tool_execution', 'in_progress'),
  step('two', 'tool_execution', 'failed', { error: 'no' }),
  step('one', 'tool_execution', 'completed', { arguments: { a: 1 }, result: 'r' }),
];

test('it is the tree of steps: tools below the model call that asked for them, each step once, as it ended', () => {
  const events = [accepted, step('choose', 'scenario_selection', 'in_progress'), ...round];
  const [loaded, log] = run(
    ...events,
    step('say', 'model_call', 'in_progress'),
    finished('completed', 3_500),
  );
  const probe = probeOf(loaded, log, true);
  expect(probe).toMatchObject({
    runId: loaded.record.id,
    agentId: 'order-desk',
    state: 'completed',
    durationMs: 2_500,
  });
  expect(
    probe.steps.map(({ id, status, steps }) => [id, status, steps?.map((below) => [below.id, below.status])]),
  ).toEqual([
    ['choose', 'in_progress', undefined],
    [
      'ask',
      'completed',
      [
        ['one', 'completed'],
        ['two', 'failed'],
      ],
    ],
    ['say', 'in_progress', undefined],
  ]);
  expect(probe.steps[1]).toMatchObject({
    prompt: 'You are …',
    model: 'm',
    steps: [{ arguments: { a: 1 }, result: 'r' }, { error: 'no' }],
  });
});

test('what happened inside a tool stands below its step, in the order in which it was told', () => {
  const inside = (id: string, parentId: string, type: Step['type'] = 'model_call'): RunEvent => {
    const { step: plain, ...event } = step(id, type, 'in_progress') as RunEvent & { kind: 'step' };
    return { ...event, step: { ...plain, parentId } };
  };
  const [loaded, log] = run(
    accepted,
    ...round,
    inside('in-one', 'one'),
    inside('in-two', 'two', 'tool_execution'),
    inside('deeper', 'in-one', 'tool_execution'),
    step('next', 'tool_execution', 'in_progress'),
  );
  const tools = probeOf(loaded, log, true).steps[0]?.steps;
  expect(tools).toMatchObject([
    { id: 'one', steps: [{ id: 'in-one', parentId: 'one', steps: [{ id: 'deeper' }] }] },
    { id: 'two', steps: [{ id: 'in-two' }] },
    { id: 'next' },
  ]);
});

test('prompts are for those who may read the configuration only', () => {
  const [loaded, log] = run(accepted, ...round);
  expect(JSON.stringify(probeOf(loaded, log, false))).not.toContain('You are');
});

test('usage is of the whole run, zero while it works', () => {
  const usage = { promptTokens: 30, completionTokens: 4, costUsd: 0.1 };
  const [working, started] = run(accepted);
  expect(probeOf(working, started, true).usage).toEqual({ promptTokens: 0, completionTokens: 0 });
  const [done, log] = run(accepted, { ...finished('completed'), usage });
  expect(probeOf(done, log, true).usage).toEqual(usage);
});

test('it names the properties that nobody knows', () => {
  const [loaded, log] = run(accepted);
  expect(probeOf(loaded, log, true)).not.toHaveProperty('unknownProperties');
  loaded.record.request.properties.unknown.push('speed');
  expect(probeOf(loaded, log, true).unknownProperties).toEqual(['speed']);
});

test('after a restart only the steps of the new attempt are shown, a tool of its own included', () => {
  const [loaded, log] = run(
    accepted,
    ...round,
    { kind: 'restarted', at: 9 },
    step('fresh', 'tool_execution', 'in_progress'),
  );
  expect(probeOf(loaded, log, true).steps).toMatchObject([{ id: 'fresh' }]);
});

test('reading the probe changes no event', () => {
  const [loaded, log] = run(accepted, ...round);
  const before = JSON.stringify(log);
  probeOf(loaded, log, false);
  expect(JSON.stringify(log)).toBe(before);
});
