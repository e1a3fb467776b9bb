import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { agentFile, modelEnv } from '../support/gateway.ts';
import { makeHome, startProcess, type GatewayHome, type GatewayProcess } from '../support/gateway-process.ts';
import { gate, hangAfter, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { providedValuesUri } from '../support/protocol-versions.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  expectWhole,
  seenEvent,
  seenTask,
  streamedText,
  textOf,
  type SeenTask,
} from '../support/run-events.ts';
import { collect, readSse, take, type SseFrame } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

const headers = { 'A2A-Version': '1.0', 'A2A-Extensions': providedValuesUri };
const refund = { name: 'refund', type: 'http', method: 'POST', url: 'http://127.0.0.1:9/refunds' };
const secret = { name: 'token', schema: { type: 'string' }, secret: true };
const agents = [
  agentFile('talker'),
  agentFile('payer', { tools: [refund] }),
  agentFile('keeper', { contextVariables: [secret] }),
] as { id: string }[];

let model: ModelServer;
let home: GatewayHome;
let gateway: GatewayProcess;
let replies: Reply[] = [];
/** What is said when no reply is left, by what the user said. */
let otherwise: (words: string) => Reply = () => text('no reply was scripted');

beforeEach(async () => {
  replies = [];
  model = await startModelServer(
    ({ body }) => replies.shift() ?? otherwise(body.messages.at(-1)?.content ?? ''),
  );
  home = await makeHome(agents);
  gateway = await life();
});

afterEach(async () => {
  await gateway.end('SIGKILL');
  await model.close();
  await home.remove();
});

async function life(): Promise<GatewayProcess> {
  return await startProcess(home, modelEnv(model.baseUrl));
}

/** Kills the gateway as it stands and starts another one on its data. */
async function killAndRestart(): Promise<void> {
  await gateway.end('SIGKILL');
  gateway = await life();
}

/** A client that reads until the stream ends or breaks. */
class Client {
  readonly frames: SseFrame[] = [];
  readonly params: { message: object };
  readonly #agentId: string;
  readonly #over: Promise<void>;

  constructor(agentId: string, params = v1Text('Go')) {
    this.#agentId = agentId;
    this.params = params;
    this.#over = this.#read();
  }

  /** Waits until it was shown a piece of the answer; returns the task's id. */
  async begun(): Promise<string> {
    await until(() => this.frames.some((frame) => frame.data.includes('artifactUpdate')), {
      what: 'a piece of the answer',
    });
    return this.taskId;
  }

  get taskId(): string {
    return this.frames[0] ? seenEvent(this.frames[0]).id : '';
  }

  /** What it got, once its stream has ended. */
  async seen(): Promise<SseFrame[]> {
    await this.#over;
    return this.frames;
  }

  async #read(): Promise<void> {
    try {
      const response = await post(gateway.url, this.#agentId, rpc('SendStreamingMessage', this.params), {
        headers,
      });
      for await (const frame of readSse(response)) this.frames.push(frame);
    } catch {
      // The killed gateway: what came before counts.
    }
  }
}

/** The whole log of a run, as the same message sent again shows it. */
async function wholeLog(agentId: string, params: { message: object }): Promise<SseFrame[]> {
  return await collect(
    readSse(await post(gateway.url, agentId, rpc('SendStreamingMessage', params), { headers })),
  );
}

async function getTask(agentId: string, id: string): Promise<SeenTask> {
  return seenTask((await call(gateway.url, agentId, rpc('GetTask', { id }), { headers })).result);
}

describe('kill -9 in mid-run', () => {
  test('the run is executed again, ends once, and its log is whole from the first event on', async () => {
    const second = gate();
    replies = [hangAfter('one '), text('fresh ', second, 'answer')];
    const client = new Client('talker');
    const id = await client.begun();
    await killAndRestart();
    const seen = await client.seen();

    await until(async () => artifactText(await getTask('talker', id)) === 'fresh ', {
      what: 'the second attempt',
    });
    const cursor = { ...headers, 'Last-Event-ID': seen.at(-1)?.id ?? '' };
    const resumed = readSse(
      await post(gateway.url, 'talker', rpc('SubscribeToTask', { id }), { headers: cursor }),
    );
    const [first] = (await take(resumed, 1)).map(seenEvent);
    expect(first).toMatchObject({ kind: 'task', id, eventId: expect.stringMatching(/^2-/) });
    expect(first && artifactText(first)).toBe('fresh ');
    second.open();
    const tail = (await collect(resumed)).map(seenEvent);
    expect(streamedText(tail)).toBe('answer');
    expect(tail.at(-1)).toMatchObject({ kind: 'status', state: 'completed' });

    const log = await wholeLog('talker', client.params);
    expect(log.slice(0, seen.length)).toEqual(seen);
    const events = log.map(seenEvent);
    expectWhole(events);
    expect(streamedText(events)).toBe('fresh answer');
    expect(events.find(({ eventId }) => eventId === '2-1')).toMatchObject({
      kind: 'status',
      state: 'working',
      parts: [],
    });
    expect(model.requests).toHaveLength(2);
    expect(artifactText(await getTask('talker', id))).toBe('fresh answer');
  });

  test('twenty runs at once: each is executed again, none is lost, each ends once', async () => {
    // Each is at another place of its answer when the process dies.
    otherwise = (words) =>
      hangAfter(...Array.from({ length: Number(words) * 2 + 1 }, (_, index) => `${index} `));
    const clients = Array.from({ length: 20 }, (_, index) => new Client('talker', v1Text(String(index))));
    const ids = await Promise.all(clients.map(async (client) => await client.begun()));
    otherwise = () => text('done ', 'now');
    await killAndRestart();
    for (const [index, client] of clients.entries()) {
      const seen = await client.seen();
      const log = await wholeLog('talker', client.params);
      expect(log.slice(0, seen.length)).toEqual(seen);
      const events = log.map(seenEvent);
      expectWhole(events);
      expect(events[0]?.id).toBe(ids[index]);
      expect(streamedText(events)).toBe('done now');
      expect(events.at(-1)).toMatchObject({ state: 'completed', eventId: expect.stringMatching(/^2-/) });
    }
    expect(model.requests).toHaveLength(40);
  });

  test('a run of an agent whose tools change something is not executed again: it fails, once', async () => {
    replies = [hangAfter('about to pay ')];
    const client = new Client('payer');
    const id = await client.begun();
    await killAndRestart();
    const task = await getTask('payer', id);
    expect(task.state).toBe('failed');
    expect(textOf(task.parts)).toMatch(/not executed again.*its process was lost/);
    const cursor = { ...headers, 'Last-Event-ID': '1-1' };
    const log = await collect(
      readSse(await post(gateway.url, 'payer', rpc('SubscribeToTask', { id }), { headers: cursor })),
    );
    expect(log.map(seenEvent)).toMatchObject([{ kind: 'task', id, state: 'failed' }]);
    expect(model.requests).toHaveLength(1);
    // Whoever sends the message again asks for a new run: a failed one does not count.
    replies = [text('paid')];
    const again = (await wholeLog('payer', client.params)).map(seenEvent);
    expect(again[0]?.id).not.toBe(id);
    expect(streamedText(again)).toBe('paid');
  });

  test('a run that takes its process along twice is not tried a third time', async () => {
    replies = [hangAfter('first '), hangAfter('second ')];
    const client = new Client('talker');
    const id = await client.begun();
    await killAndRestart();
    await until(async () => artifactText(await getTask('talker', id)) === 'second ', {
      what: 'the second attempt',
    });
    await killAndRestart();
    const task = await getTask('talker', id);
    expect(task.state).toBe('failed');
    expect(textOf(task.parts)).toMatch(/not executed again/);
    const cursor = { ...headers, 'Last-Event-ID': '1-1' };
    const log = await collect(
      readSse(await post(gateway.url, 'talker', rpc('SubscribeToTask', { id }), { headers: cursor })),
    );
    expect(log.map(seenEvent)).toMatchObject([{ kind: 'task', state: 'failed' }]);
    expect(model.requests).toHaveLength(2);
  });

  test('a run whose secrets cannot be opened any more fails, and the gateway starts', async () => {
    replies = [hangAfter('with the token ')];
    const marked = { data: { token: 'canary-token' }, metadata: { [providedValuesUri]: true } };
    const client = new Client('keeper', v1Text('', { parts: [{ text: 'Go' }, marked] }));
    const id = await client.begun();
    await gateway.end('SIGKILL');
    await rm(join(home.data, 'secrets.key'));
    gateway = await life();
    const task = await getTask('keeper', id);
    expect(task.state).toBe('failed');
    expect(textOf(task.parts)).toMatch(/not executed again.*secret/);
    expect(model.requests).toHaveLength(1);
  });
});
