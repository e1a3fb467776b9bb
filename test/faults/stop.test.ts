import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv } from '../support/gateway.ts';
import { makeHome, startProcess, type GatewayHome, type GatewayProcess } from '../support/gateway-process.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  seenEvent,
  seenTask,
  streamedText,
  type SeenEvent,
} from '../support/run-events.ts';
import { readSse, take } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

const headers = { 'A2A-Version': '1.0' };

let model: ModelServer;
let home: GatewayHome;
let processes: GatewayProcess[] = [];
let replies: Reply[] = [];

beforeEach(async () => {
  processes = [];
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  home = await makeHome([agentFile('talker') as { id: string }]);
});

afterEach(async () => {
  for (const one of processes) await one.end('SIGKILL');
  await model.close();
  await home.remove();
});

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const started = await startProcess(home, { ...modelEnv(model.baseUrl), ...env });
  processes.push(started);
  return started;
}

async function open(gateway: GatewayProcess, params: object): Promise<Response> {
  return await post(gateway.url, 'talker', rpc('SendStreamingMessage', params), { headers });
}

describe('SIGTERM', () => {
  test('lets a running stream come to its end, then exits with code 0', async () => {
    const gateway = await start({ SHUTDOWN_GRACE_SECONDS: '10' });
    const held = gate();
    replies = [text('half ', held, 'whole')];
    const frames = readSse(await open(gateway, v1Text('Go')));
    const events: SeenEvent[] = (await take(frames, 3)).map(seenEvent);
    gateway.signal('SIGTERM');
    await until(() => gateway.output().includes('shutting down'), { what: 'the shutdown to begin' });
    held.open();
    for await (const frame of frames) events.push(seenEvent(frame));
    expectWhole(events);
    expect(streamedText(events)).toBe('half whole');
    expect(await gateway.exited).toBe(0);
  });

  test('gives up what outlives the grace without an end, and the next start executes it again', async () => {
    const gateway = await start({ SHUTDOWN_GRACE_SECONDS: '0.2' });
    replies = [hangAfter('half '), text('whole')];
    const params = v1Text('Go');
    const frames = readSse(await open(gateway, params));
    const events: SeenEvent[] = (await take(frames, 3)).map(seenEvent);
    const startedAt = performance.now();
    gateway.signal('SIGTERM');
    try {
      for await (const frame of frames) events.push(seenEvent(frame));
    } catch {
      // The connection was cut, which is what is expected.
    }
    expect(await gateway.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(events.every(({ state }) => state !== 'failed' && state !== 'canceled')).toBe(true);

    const next = await start();
    const id = events[0]?.id ?? '';
    const task = await until(
      async () => {
        const { result } = await call(next.url, 'talker', rpc('GetTask', { id }), { headers });
        return seenTask(result).state === 'completed' && seenTask(result);
      },
      { what: 'the run to end' },
    );
    expect(artifactText(task)).toBe('whole');
  });

  test('without anything to wait for it exits at once', async () => {
    const gateway = await start();
    const startedAt = performance.now();
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

test('a second process on the same data refuses to start, says why, and leaves the first one alone', async () => {
  const gateway = await start();
  const second = await start();
  expect(await second.exited).toBe(1);
  expect(second.output().trim()).toBe(
    `The gateway could not start: DATA_DIR ${home.data} is in use by another a2a-gateway process. Stop it, or give each its own DATA_DIR.`,
  );
  replies = [text('still here')];
  const { result } = await call(gateway.url, 'talker', rpc('SendMessage', v1Text('Go')), { headers });
  expect(artifactText(seenTask(result))).toBe('still here');
});

test('a port that is taken is said in one sentence, with exit code 1', async () => {
  const gateway = await start();
  const { port } = new URL(gateway.url);
  const second = await start({ PORT: port, DATA_DIR: ':memory:' });
  expect(await second.exited).toBe(1);
  expect(second.output().trim()).toMatch(/^The gateway could not start: .*EADDRINUSE.*$/m);
});

test('a reader of its output that goes away does not end it', async () => {
  const gateway = await start({ LOG_LEVEL: 'debug' });
  gateway.closeOutput();
  for (let index = 0; index < 5; index += 1) {
    const answer = await call(gateway.url, 'talker', rpc('SendMessage', v1Text('Hi')), { headers });
    expect(answer.error).toBeUndefined();
  }
  expect(await gateway.end('SIGTERM')).toBe(0);
});
