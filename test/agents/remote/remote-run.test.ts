import { afterAll, afterEach, expect, test } from '@jest/globals';
import { openRemoteAgent } from '../../../src/agents/remote/remote-agent.ts';
import { RunStopped, type StopReason } from '../../../src/runs/attempt.ts';
import type { Execution, ExecutorEvent, Outcome } from '../../../src/runs/executor.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import { runRecord } from '../../stores/run-samples.ts';
import {
  remoteTask,
  startFakeRemote,
  type FakeRemote,
  type RemoteAnswer,
  type RemoteCall,
} from '../../support/fake-remote.ts';
import { gate } from '../../support/model-replies.ts';
import { until } from '../../support/wait.ts';

const guard = new EgressGuard({ allow: [] });
let remote: FakeRemote | undefined;

afterEach(async () => {
  await remote?.[Symbol.asyncDispose]();
});

afterAll(async () => {
  await guard.close();
});

const runId = '01900000-0000-7000-8000-000000000000';
const linked = { taskId: 'remote-task', contextId: 'remote-context' };
const notFound = { error: { code: -32001, message: 'No such task' } };
const done = { statusUpdate: { ...linked, status: { state: 'TASK_STATE_COMPLETED' } } };
const working = { statusUpdate: { ...linked, status: { state: 'TASK_STATE_WORKING' } } };

interface Trial {
  events: ExecutorEvent[];
  ended: Promise<Outcome>;
  stop: (reason: StopReason) => void;
  calls: RemoteCall[];
  /** The methods that were called, oldest first. */
  methods: () => string[];
}

/** An attempt at a run of the remote agent. */
async function attempt(
  answer: (call: RemoteCall) => RemoteAnswer,
  changes: Partial<Execution> = {},
  card: object = {},
): Promise<Trial> {
  const server = await startFakeRemote(answer, card);
  remote = server;
  const record = runRecord({ id: runId, text: 'Hello' });
  const controller = new AbortController();
  const execution: Execution = {
    record,
    attempt: 1,
    firstAttempt: 1,
    request: record.request,
    exchange: [],
    history: [],
    contextValues: {},
    signal: controller.signal,
    ...changes,
  };
  const { executor } = openRemoteAgent({ card: server.cardUrl, headers: {} }, { guard, env: {} });
  const events: ExecutorEvent[] = [];
  const play = async (): Promise<Outcome> => {
    const running = executor(execution);
    for (;;) {
      const next = await running.next();
      if (next.done) return next.value;
      events.push(next.value);
    }
  };
  return {
    events,
    ended: play(),
    stop: (reason) => controller.abort(new RunStopped(reason)),
    calls: server.calls,
    methods: () => server.calls.map(({ method }) => method),
  };
}

/** The events, and then nothing more for good. */
async function* forever(...events: object[]): AsyncGenerator<object> {
  yield* events;
  await gate().opened;
}

/** Answers by method; what is not there is not found. */
function by(table: Readonly<Record<string, RemoteAnswer>>): (call: RemoteCall) => RemoteAnswer {
  return ({ method }) => table[method] ?? notFound;
}

const again = { attempt: 2, linked };
const continuing = { exchange: [{ message: runRecord({ text: 'First' }).request.message }] };

test('a run that is executed again subscribes to its task, and is shown what it has said', async () => {
  const artifacts = [{ artifactId: 'a', parts: [{ text: 'so far' }] }];
  const { events, ended, methods } = await attempt(
    by({
      GetTask: { result: remoteTask('WORKING') },
      SubscribeToTask: { events: [{ task: remoteTask('WORKING', { artifacts }) }, done] },
    }),
    again,
  );
  expect(await ended).toEqual({ state: 'completed' });
  expect(methods()).toEqual(['GetTask', 'SubscribeToTask']);
  expect(events).toMatchObject([{ kind: 'artifact', append: false, last: false, artifact: artifacts[0] }]);
});

test('its message is sent again where the remote knows the task no longer', async () => {
  const { ended, methods, calls } = await attempt(by({ SendStreamingMessage: { events: [done] } }), again);
  expect(await ended).toEqual({ state: 'completed' });
  expect(methods()).toEqual(['GetTask', 'SendStreamingMessage']);
  expect(calls[1]?.params.message).toMatchObject({ messageId: `${runId}-1` });
});

test('a task that is over is asked for', async () => {
  const unsupported = { error: { code: -32004, message: 'over' } };
  const { ended } = await attempt(
    by({
      GetTask: {
        result: remoteTask('REJECTED', { artifacts: [{ artifactId: 'a', parts: [{ text: 'x' }] }] }),
      },
      SubscribeToTask: unsupported,
    }),
    again,
  );
  expect(await ended).toEqual({ state: 'rejected' });
});

test.each([
  ['arrived', [{ messageId: 'MINE', role: 'ROLE_USER', parts: [] }], 'SubscribeToTask'],
  ['was lost', [], 'SendStreamingMessage'],
])('a further message that %s with the first attempt', async (_what, history, method) => {
  const messageId = `${runId}-3`;
  const mine = history.map((message) => ({ ...message, messageId }));
  const { ended, methods, calls } = await attempt(
    by({
      GetTask: { result: remoteTask('INPUT_REQUIRED', { history: mine }) },
      SubscribeToTask: { events: [done] },
      SendStreamingMessage: { events: [done] },
    }),
    { ...continuing, attempt: 4, firstAttempt: 3, linked },
  );
  expect(await ended).toEqual({ state: 'completed' });
  expect(methods()).toEqual(['GetTask', method]);
  if (method === 'SendStreamingMessage')
    expect(calls[1]?.params.message).toMatchObject({ messageId, ...linked });
});

test('the task as it stood before the further message is not its end, unless nothing follows', async () => {
  const stale = { task: remoteTask('INPUT_REQUIRED') };
  const changes = { ...continuing, attempt: 3, firstAttempt: 3, linked };
  const first = await attempt(by({ SendStreamingMessage: { events: [stale, working, done] } }), changes);
  expect(await first.ended).toEqual({ state: 'completed' });
  await remote?.[Symbol.asyncDispose]();
  const second = await attempt(by({ SendStreamingMessage: { events: [stale] } }), changes);
  expect(await second.ended).toEqual({ state: 'input-required' });
});

test('a task that waited at the gateway alone brings all that the user said', async () => {
  const { ended, calls } = await attempt(by({ SendStreamingMessage: { events: [done] } }), {
    ...continuing,
    attempt: 2,
    firstAttempt: 2,
  });
  await ended;
  expect(calls[0]?.params.message?.parts).toMatchObject([{ text: 'First' }, { text: 'Hello' }]);
});

test.each([
  ['canceled', { result: remoteTask('CANCELED') }, { state: 'canceled' }],
  ['faster', { error: { code: -32002, message: 'too late' } }, { state: 'completed' }],
])('a canceled run ends as the remote says: %s', async (_what, cancelTask, outcome) => {
  const trial = await attempt(
    by({
      SendStreamingMessage: { events: forever(working) },
      CancelTask: cancelTask,
      GetTask: { result: remoteTask('COMPLETED') },
    }),
  );
  await until(() => trial.events.length > 0, { what: 'the first event' });
  trial.stop('canceled');
  expect(await trial.ended).toEqual(outcome);
});

test('a remote that neither cancels nor ends its task makes the run fail, not pass for canceled', async () => {
  const refused = { error: { code: -32002, message: 'never' } };
  const trial = await attempt(
    by({
      SendStreamingMessage: { events: forever(working) },
      CancelTask: refused,
      GetTask: { result: remoteTask('WORKING') },
    }),
  );
  await until(() => trial.events.length > 0, { what: 'the first event' });
  trial.stop('canceled');
  expect(await trial.ended).toMatchObject({
    state: 'failed',
    failure: { message: expect.stringMatching(/may not have been canceled/) },
  });
});

test('a cancel before the remote has named its task reaches it all the same', async () => {
  const held = gate();
  const events = (async function* () {
    await held.opened;
    yield* forever({ task: remoteTask('SUBMITTED') });
  })();
  const trial = await attempt(
    by({ SendStreamingMessage: { events }, CancelTask: { result: remoteTask('CANCELED') } }),
  );
  await until(() => trial.calls.length > 0, { what: 'the message' });
  trial.stop('canceled');
  held.open();
  expect(await trial.ended).toEqual({ state: 'canceled' });
  expect(trial.methods()).toEqual(['SendStreamingMessage', 'CancelTask']);
});

test.each([
  ['deadline', ['SendStreamingMessage', 'CancelTask']],
  ['shutdown', ['SendStreamingMessage']],
  ['lost', ['SendStreamingMessage']],
] as const)('%s: what the remote is told', async (reason, methods) => {
  const trial = await attempt(
    by({
      SendStreamingMessage: { events: forever(working) },
      CancelTask: { result: remoteTask('CANCELED') },
    }),
  );
  await until(() => trial.events.length > 0, { what: 'the first event' });
  trial.stop(reason);
  await trial.ended;
  expect(trial.methods()).toEqual(methods);
});

test('a remote without streams is asked until its task rests, and each thing is said once', async () => {
  const story = (text: string): object => ({ artifacts: [{ artifactId: 'a', parts: [{ text }] }] });
  const states = [
    remoteTask('WORKING', story('one ')),
    remoteTask('WORKING', story('one ')),
    remoteTask('COMPLETED', story('one two')),
  ];
  const { events, ended, calls } = await attempt(
    ({ method }) =>
      method === 'SendMessage'
        ? { result: { task: remoteTask('SUBMITTED') } }
        : { result: states.shift() ?? remoteTask('FAILED') },
    {},
    { capabilities: {} },
  );
  expect(await ended).toEqual({ state: 'completed' });
  expect(calls[0]?.params.configuration).toMatchObject({ returnImmediately: true });
  expect(events).toMatchObject([
    { kind: 'linked', task: linked },
    { kind: 'artifact', append: false, last: false, artifact: { parts: [{ text: 'one ' }] } },
    { kind: 'artifact', append: true, last: true, artifact: { parts: [{ text: 'two' }] } },
  ]);
});
