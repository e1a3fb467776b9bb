import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AgentCard } from '@a2a-js/sdk';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { Call } from '../../src/a2a/call.ts';
import { buildCards } from '../../src/a2a/cards.ts';
import { Operations } from '../../src/a2a/operations.ts';
import { RequestHandler } from '../../src/a2a/request-handler.ts';
import { v1Codec } from '../../src/a2a/v1/codec.ts';
import { executableAgent } from '../../src/agents/executable.ts';
import { AgentInvoker } from '../../src/agents/invoker.ts';
import { AgentRegistry } from '../../src/agents/registry.ts';
import { ModelDirectory } from '../../src/llm/directory.ts';
import type { Model } from '../../src/llm/model.ts';
import { RunEngine } from '../../src/runs/engine.ts';
import { defaultProperties } from '../../src/runs/properties.ts';
import { SecretBox } from '../../src/runs/secret-box.ts';
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/store.ts';
import { recordingLog } from '../http/local-server.ts';
import { rpc, v03Text, v1Text } from '../support/rpc.ts';
import { agentRevision } from './agent-revision.ts';

const agent = agentRevision({
  execution: { contextVariables: [], scenarios: [], tools: [], model: { fallbackLlmIds: [] } },
});

const echo: Model = {
  llmId: 'echo',
  name: 'echo',
  async *complete() {
    yield { kind: 'text', text: 'Hello' };
    yield { kind: 'finished', toolCalls: [], finishReason: 'stop' };
  },
};

let store: SqliteStore;
let handler: RequestHandler;

beforeAll(async () => {
  store = await openSqliteStore(':memory:');
  const registry = new AgentRegistry();
  registry.put(agent);
  const record = { id: 'echo', name: 'echo', baseUrl: 'http://127.0.0.1', model: 'echo', default: true };
  const models = new ModelDirectory([{ ...record, timeoutSeconds: 5, maxConcurrency: 5 }], () => echo);
  const executableOf = () => executableAgent(agent, models, []);
  const engine = new RunEngine({
    log: store.runs,
    findAgent: executableOf,
    secretBox: new SecretBox(store.secretsKey),
    logger: recordingLog(),
    idempotencyWindowMs: 0,
  });
  const invoker = new AgentInvoker({ registry, models, engine, executableOf });
  const callOf = (): Call => ({
    principal: {
      userId: 'ada',
      role: 'user',
      kind: 'api-key',
      assignedAgents: new Set(),
      claims: {},
      anonymousAllowed: false,
    },
    agent,
    codec: v1Codec,
    activated: ['urn:a2a-gateway:ext:conversation-history:v1'],
    properties: defaultProperties(),
    signal: new AbortController().signal,
  });
  const card = AgentCard.fromJSON(JSON.parse(buildCards(agent, { publicUrl: 'http://127.0.0.1' }).v1.body));
  handler = new RequestHandler({
    operations: new Operations({ invoker, engine, log: store.runs }),
    callOf,
    card: async () => card,
  });
});

afterAll(async () => await store.close());

/** All envelopes that a transport of the SDK answers with. */
async function envelopes(answer: unknown): Promise<Record<string, unknown>[]> {
  const given = (await answer) as AsyncGenerator | object;
  const list = Symbol.asyncIterator in given ? await Array.fromAsync(given) : [given];
  return JSON.parse(JSON.stringify(list)) as Record<string, unknown>[];
}

const v1Context = () => new ServerCallContext({ requestedVersion: '1.0' });

test("the SDK's v1.0 JSON-RPC transport streams a run through it and announces the extensions", async () => {
  const context = v1Context();
  const transport = new JsonRpcTransportHandler(handler);
  const frames = await envelopes(transport.handle(rpc('SendStreamingMessage', v1Text('Hi')), context));
  const text = JSON.stringify(frames);
  expect(frames[0]).toMatchObject({ result: { task: { status: { state: 'TASK_STATE_SUBMITTED' } } } });
  expect(text).toContain('"text":"Hello"');
  expect(frames.at(-1)).toMatchObject({
    result: { statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } },
  });
  expect(context.activatedExtensions).toEqual(['urn:a2a-gateway:ext:conversation-history:v1']);
});

test("the SDK's v0.3 JSON-RPC transport sends, gets and cancels through it", async () => {
  const transport = new LegacyJsonRpcTransportHandler(handler);
  const [sent] = await envelopes(
    transport.handle(rpc('message/send', v03Text('Hi')), new ServerCallContext()),
  );
  const id = (sent?.result as { id: string } | undefined)?.id;
  expect(sent).toMatchObject({ result: { kind: 'task', status: { state: 'completed' } } });
  const [got] = await envelopes(transport.handle(rpc('tasks/get', { id }), new ServerCallContext()));
  expect(got).toMatchObject({ result: { id, artifacts: [{ parts: [{ kind: 'text', text: 'Hello' }] }] } });
  const [canceled] = await envelopes(transport.handle(rpc('tasks/cancel', { id }), new ServerCallContext()));
  expect(canceled).toMatchObject({ error: { code: -32002 } });
});

test('errors become the classes that every transport of the SDK has codes for', async () => {
  const transport = new JsonRpcTransportHandler(handler);
  const [missing] = await envelopes(transport.handle(rpc('GetTask', { id: randomUUID() }), v1Context()));
  expect(missing).toMatchObject({ error: { code: -32001 } });
  const push = { taskId: 'any', id: 'any' };
  const [refused] = await envelopes(
    transport.handle(rpc('GetTaskPushNotificationConfig', push), v1Context()),
  );
  expect(refused).toMatchObject({ error: { code: -32003 } });
});

test('lists what it ran', async () => {
  const transport = new JsonRpcTransportHandler(handler);
  const [page] = await envelopes(transport.handle(rpc('ListTasks', { pageSize: 1 }), v1Context()));
  const result = page?.result as { tasks: object[]; totalSize: number } | undefined;
  expect(result?.tasks).toHaveLength(1);
  expect(result?.totalSize).toBe(2);
});
