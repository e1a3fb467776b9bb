import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { serve, type LocalServer } from '../http/local-server.ts';
import { backKey, remoteAgent, startBack, startFront } from '../support/fronted-gateways.ts';
import { adminKey, startGateway, type TestGateway } from '../support/gateway.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { cardUrl } from '../support/sdk-clients.ts';
import { call, post, rpc, v1Text } from '../support/rpc.ts';
import {
  artifactText,
  seenEvent,
  seenTask,
  streamedText,
  textOf,
  type SeenTask,
} from '../support/run-events.ts';
import { collect, readSse, take } from '../support/sse-reader.ts';
import { until } from '../support/wait.ts';

const headers = { 'A2A-Version': '1.0' };
let model: ModelServer;
let replies: Reply[] = [];
let dataDir = '';
let opened: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  replies = [];
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-remote-'));
});

afterEach(async () => {
  for (const one of opened) await one.stop();
  opened = [];
  await model.close();
  await rm(dataDir, { recursive: true, force: true });
});

function kept<T extends { stop(): Promise<void> }>(gateway: T): T {
  opened.push(gateway);
  return gateway;
}

/** Stops it now, and not again at the end. */
async function stop(gateway: TestGateway): Promise<void> {
  opened = opened.filter((one) => one !== gateway);
  await gateway.stop();
}

async function getTask(front: { url: string }, agentId: string, id: string): Promise<SeenTask> {
  return seenTask((await call(front.url, agentId, rpc('GetTask', { id }), { headers })).result);
}

async function send(front: { url: string }, agentId: string, words = 'Go'): Promise<SeenTask> {
  return seenTask((await call(front.url, agentId, rpc('SendMessage', v1Text(words)), { headers })).result);
}

async function open(front: { url: string }): Promise<{ frames: ReturnType<typeof readSse>; id: string }> {
  const frames = readSse(
    await post(front.url, 'talker', rpc('SendStreamingMessage', v1Text('Tell')), { headers }),
  );
  const [first] = (await take(frames, 1)).map(seenEvent);
  return { frames, id: first?.id ?? '' };
}

function portOf({ url }: { url: string }): string {
  return new URL(url).port;
}

test('the back is restarted in the middle of a stream: the front waits for it and goes on', async () => {
  const held = gate();
  replies = [text('lost, ', held), text('fresh, ', 'whole')];
  const back = kept(await startBack(model, { dataDir, env: { SHUTDOWN_GRACE_SECONDS: '0' } }));
  const front = kept(await startFront(back));
  const { frames, id } = await open(front);
  await until(async () => artifactText(await getTask(front, 'talker', id)) === 'lost, ', { what: 'a piece' });
  await stop(back);
  kept(await startBack(model, { dataDir, env: { PORT: portOf(back) } }));
  const events = (await collect(frames)).map(seenEvent);
  expect(events.at(-1)).toMatchObject({ kind: 'status', state: 'completed' });
  expect(streamedText(events)).toBe('fresh, whole');
  expect(artifactText(await getTask(front, 'talker', id))).toBe('fresh, whole');
});

test('the front is restarted in the middle: its run attaches to the task that it had begun', async () => {
  const held = gate();
  replies = [text('first, ', held, 'second')];
  const back = kept(await startBack(model));
  const first = kept(
    await startFront(back, { dataDir, env: { BACK_KEY: backKey, SHUTDOWN_GRACE_SECONDS: '0' } }),
  );
  const { frames, id } = await open(first);
  await until(async () => artifactText(await getTask(first, 'talker', id)) === 'first, ', {
    what: 'a piece',
  });
  await stop(first);
  await collect(frames).catch(() => []);
  const second = kept(await startFront(back, { dataDir }));
  await until(async () => artifactText(await getTask(second, 'talker', id)) === 'first, ', {
    what: 'what the remote had said',
  });
  held.open();
  const done = await until(
    async () => {
      const task = await getTask(second, 'talker', id);
      return task.state === 'completed' && task;
    },
    { what: 'the end' },
  );
  expect(artifactText(done)).toBe('first, second');
  expect(model.requests).toHaveLength(1);
});

test('a remote that is away fails the task in words that a caller can act on', async () => {
  const back = await startBack(model);
  const front = kept(await startFront(back));
  await back.stop();
  const cold = await send(front, 'talker');
  expect(cold).toMatchObject({ state: 'failed', parts: [{ metadata: { code: 'provider_error' } }] });
  expect(textOf(cold.parts)).toBe("The remote agent's card could not be read. Send the message again later.");
});

test('the last good card serves while the remote does not give it', async () => {
  const back = kept(await startBack(model));
  const front = kept(await startFront(back));
  replies = [text('one')];
  expect(artifactText(await send(front, 'talker'))).toBe('one');
  await stop(back);
  const away = await send(front, 'talker');
  expect(textOf(away.parts)).toBe('The remote agent could not be reached. Send the message again later.');
});

/** A front whose agent is this server's. */
async function frontOf(
  server: LocalServer,
  env: Record<string, string> = {},
  execution: object = {},
): Promise<TestGateway> {
  return kept(
    await startGateway({
      files: { 'talker.yaml': remoteAgent('talker', `${server.url}/card`, execution) },
      env: { BACK_KEY: backKey, ...env },
    }),
  );
}

type Answer = (body: { id: number }) => { status?: number; type?: string; text: string };

/** A remote that answers each JSON-RPC request so; its card names `at`, or itself. */
async function hostile(answer: Answer, at?: string): Promise<LocalServer> {
  const server: LocalServer = await serve((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      const supportedInterfaces = [
        { url: at ?? `${server.url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ];
      const card = { supportedInterfaces, capabilities: { streaming: true } };
      const {
        status = 200,
        type = 'text/event-stream',
        text,
      } = request.url === '/card'
        ? { type: 'application/json', text: JSON.stringify(card) }
        : answer(JSON.parse(body) as { id: number });
      response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(text);
    });
  });
  kept({ stop: async () => await server[Symbol.asyncDispose]() });
  return server;
}

const hostileAnswers: readonly [what: string, answer: Answer, said: RegExp][] = [
  ['HTML', () => ({ type: 'text/html', text: '<h1>hello</h1>' }), /did not answer as A2A servers do/],
  ['an error page', () => ({ status: 500, type: 'text/html', text: 'SECRET-STACK' }), /HTTP 500/],
  ['a redirect', () => ({ status: 302, type: 'text/html', text: '' }), /redirect/],
  ['too large an event', () => ({ text: `data: ${'x'.repeat(5_000_000)}\n\n` }), /4194304 bytes/],
  [
    'too large an answer',
    () => ({ type: 'application/json', text: 'x'.repeat(17_000_000) }),
    /16777216 bytes/,
  ],
  ['no JSON', () => ({ text: 'data: {"jsonrpc"\n\n' }), /did not answer as A2A servers do/],
  ['an empty stream', () => ({ text: '' }), /ended its stream/],
  [
    'an event of no kind',
    ({ id }) => ({ text: `data: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n` }),
    /none of A2A/,
  ],
  [
    'an error with credentials in it',
    ({ id }) => ({
      type: 'application/json',
      text: JSON.stringify({
        jsonrpc: '2.0',
        id,
        error: { code: -32603, message: `no\n${backKey}\u0007 ${'y'.repeat(999)}` },
      }),
    }),
    /^The remote agent refused: no \[redacted\] y{1,200}…$/,
  ],
  [
    'a refusal',
    () => ({ status: 403, type: 'application/json', text: '{}' }),
    /refused the gateway's credentials/,
  ],
];

test.each(hostileAnswers)(
  'a remote that answers with %s fails the task, and nothing of it leaks',
  async (_what, answer, said) => {
    const front = await frontOf(await hostile(answer));
    const task = await send(front, 'talker');
    expect(task).toMatchObject({ state: 'failed', parts: [{ metadata: { code: 'provider_error' } }] });
    expect(textOf(task.parts)).toMatch(said);
    expect(textOf(task.parts) + front.logged()).not.toMatch(/SECRET-STACK|back-administrator-key/);
  },
);

test('an address of the card on another origin goes through the egress guard', async () => {
  let reached = 0;
  const inside = await serve((_request, response) => {
    reached += 1;
    response.end();
  });
  kept({ stop: async () => await inside[Symbol.asyncDispose]() });
  const open = { headers: {} };
  const front = await frontOf(await hostile(() => ({ text: '' }), `${inside.url}/rpc`), {}, open);
  const task = await send(front, 'talker');
  expect(task.state).toBe('failed');
  expect(textOf(task.parts)).toMatch(/refused: it is a loopback address/);
  expect(reached).toBe(0);
  const env = { EGRESS_ALLOW: '127.0.0.1' };
  const allowed = await frontOf(await hostile(() => ({ text: '' }), `${inside.url}/rpc`), env, open);
  await send(allowed, 'talker');
  expect(reached).toBe(1);
});

test('the declared headers are not sent to an address of the card on another origin', async () => {
  let reached = 0;
  const elsewhere = await serve((_request, response) => {
    reached += 1;
    response.end();
  });
  kept({ stop: async () => await elsewhere[Symbol.asyncDispose]() });
  const server = await hostile(() => ({ text: '' }), `${elsewhere.url}/rpc`);
  const task = await send(await frontOf(server, { EGRESS_ALLOW: '127.0.0.1' }), 'talker');
  expect(task).toMatchObject({ state: 'failed', parts: [{ metadata: { code: 'provider_error' } }] });
  expect(textOf(task.parts)).toBe(
    `The remote agent's card at ${server.url} names an address at ${elsewhere.url}, and headers are sent to the card's origin only. The gateway's operator must name the card at ${elsewhere.url}, or declare no headers.`,
  );
  expect(reached).toBe(0);
});

test("a remote that takes no client's contextId is asked once more without one", async () => {
  const contexts: unknown[] = [];
  const server = await hostile((body) => {
    const { id, params } = body as { id: number; params: { message: { contextId?: string } } };
    contexts.push(params.message.contextId);
    const refusal = { jsonrpc: '2.0', id, error: { code: -32602, message: 'Unknown contextId' } };
    if (params.message.contextId) return { type: 'application/json', text: JSON.stringify(refusal) };
    const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'Hello.' }] };
    return { text: `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { message } })}\n\n` };
  });
  const front = await frontOf(server);
  const answer = await call(front.url, 'talker', rpc('SendMessage', v1Text('Hi')), { headers });
  expect(answer.result).toMatchObject({ message: { parts: [{ text: 'Hello.' }] } });
  expect(contexts).toEqual([expect.any(String), undefined]);
});

test('an agent that fronts itself ends in a failure, after a few rounds', async () => {
  const front = kept(await startGateway({ files: {}, env: { BACK_KEY: adminKey } }));
  await front.write('talker.yaml', stringify(remoteAgent('talker', cardUrl(front, 'talker'))));
  await until(() => front.agents.get('talker'), { what: 'the agent' });
  const task = await send(front, 'talker');
  expect(task.state).toBe('failed');
  expect(textOf(task.parts)).toBe('The message goes in circles from gateway to gateway.');
  const listed = await call<{ totalSize: number }>(front.url, 'talker', rpc('ListTasks', {}), { headers });
  expect(listed.result?.totalSize).toBe(9);
});
