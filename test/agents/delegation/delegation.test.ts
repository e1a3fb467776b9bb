import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AgentDelegation } from '../../../src/agents/delegation/delegation.ts';
import type { DeclaredExecution } from '../../../src/agents/definition.ts';
import { AgentRegistry } from '../../../src/agents/registry.ts';
import { openRemoteAgent } from '../../../src/agents/remote/remote-agent.ts';
import type { AgentToolDefinition } from '../../../src/agents/tool-types/agent.ts';
import type { RunEngine } from '../../../src/runs/engine.ts';
import type { RunRecord } from '../../../src/runs/record.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import type { ToolResult, ToolStep } from '../../../src/tools/tool.ts';
import { openEngine, RecordingLog } from '../../runs/engine-fixture.ts';
import { openLog } from '../../stores/sqlite-data.ts';
import {
  remoteTask,
  startFakeRemote,
  type FakeRemote,
  type RemoteAnswer,
  type RemoteCall,
} from '../../support/fake-remote.ts';

const token = 'hunter22-secret';
const key = 'operator/key-0123456789';
const guard = new EgressGuard({ allow: [] });
let engine: RunEngine;
let remote: FakeRemote | undefined;
let started: RunRecord[] = [];
let steps: ToolStep[] = [];
let close: () => Promise<void>;

beforeEach(() => {
  const log = openLog(':memory:');
  engine = openEngine({ log });
  started = [];
  steps = [];
  close = async () => {
    await engine.drain(0);
    await log.close();
  };
});

afterEach(async () => {
  await close();
  await remote?.[Symbol.asyncDispose]();
});

/** Asks an agent of another server, with headers from the context and the environment. */
async function ask(answer: (call: RemoteCall) => RemoteAnswer): Promise<ToolResult> {
  remote = await startFakeRemote(answer);
  const env = { REMOTE_KEY: key };
  const delegation = new AgentDelegation({
    registry: new AgentRegistry(undefined),
    engine: {
      start: async (request) => {
        const run = await engine.start(request);
        started.push(run.record);
        return run;
      },
      read: (...run) => engine.read(...run),
      load: async (runId) => await engine.load(runId),
      valuesOf: (run) => engine.valuesOf(run),
      cancel: async (run) => await engine.cancel(run),
    },
    invoker: { start: () => Promise.reject(new Error('No agent of this gateway is asked.')) },
    openRemote: (target) => openRemoteAgent(target, { guard, env }),
    env,
    log: new RecordingLog(),
  });
  const tool: AgentToolDefinition = {
    name: 'ask_remote',
    type: 'agent',
    card: remote.cardUrl,
    headers: { 'X-Token': { context: 'token' }, Authorization: { env: 'REMOTE_KEY', prefix: 'Bearer ' } },
    contextValues: {},
  };
  const parent = {
    limits: { maxDepth: 4, timeoutSeconds: 30 },
    contextVariables: [{ name: 'token', secret: true }],
  } as unknown as DeclaredExecution;
  return await delegation.of(parent).delegate(tool, 'Do it', {
    arguments: {},
    context: { token },
    signal: new AbortController().signal,
    caller: { userId: 'user-1', agentId: 'lead', depth: 0 },
    report: (step) => steps.push(step),
  });
}

async function stateOfChild(): Promise<string | undefined> {
  return (await engine.load(started[0]?.id ?? ''))?.snapshot.state;
}

describe('an agent of another server that asks back', () => {
  const asksBack = { events: [{ task: remoteTask('INPUT_REQUIRED') }] };

  test('is told of the cancel with the credentials that it was asked with', async () => {
    const asked = ask(({ method }) =>
      method === 'CancelTask' ? { result: remoteTask('CANCELED') } : asksBack,
    );
    await expect(asked).rejects.toThrow(/asks back/);
    expect(remote?.calls.map(({ method, headers }) => `${method} ${String(headers['x-token'])}`)).toEqual([
      `SendStreamingMessage ${token}`,
      `CancelTask ${token}`,
    ]);
    expect(await stateOfChild()).toBe('canceled');
  });

  test('and refuses the cancel leaves no run here that never ends', async () => {
    const asked = ask(({ method }) =>
      method === 'CancelTask' ? { error: { code: -32603, message: 'No' } } : asksBack,
    );
    await expect(asked).rejects.toThrow(/asks back/);
    expect(await stateOfChild()).toBe('canceled');
  });
});

describe('what an agent of another server says of the credentials that it was sent', () => {
  const said = `Bearer ${key}, ${JSON.stringify({ token })}`;
  const masked = 'Bearer ***, {"token":"***"}';
  const parts = [{ text: said }];
  const ids = { taskId: 'remote-task', contextId: 'remote-context' };

  test('is masked in its answer, also where it comes in pieces', async () => {
    const [first, rest] = [said.slice(0, 12), said.slice(12)];
    const piece = (text: string, append: boolean) => ({
      artifactUpdate: { ...ids, artifact: { artifactId: 'a', parts: [{ text }] }, append },
    });
    const status = { state: 'TASK_STATE_COMPLETED', message: { messageId: 'm', role: 'ROLE_AGENT', parts } };
    const { text } = await ask(() => ({
      events: [piece(first, false), piece(rest, true), { statusUpdate: { ...ids, status } }],
    }));
    expect(text).toContain(masked);
    expect(text).not.toContain(token);
    expect(text).not.toContain(key);
  });

  test('is masked in the reason why there is none', async () => {
    const message = { messageId: 'm', role: 'ROLE_AGENT', parts };
    const task = remoteTask('FAILED', { status: { state: 'TASK_STATE_FAILED', message } });
    await expect(ask(() => ({ events: [{ task }] }))).rejects.toThrow(`failed: ${masked}`);
  });

  test('is masked in its steps', async () => {
    const step = { id: '1', name: said, status: 'in_progress', tool: key };
    const part = (data: object) => ({ data, metadata: { type: 'DW_STATUS_UPDATE' } });
    const data = [part(step), part({ ...step, status: 'completed', summary: said })];
    const message = { messageId: 'm', role: 'ROLE_AGENT', parts: data };
    const working = { statusUpdate: { ...ids, status: { state: 'TASK_STATE_WORKING', message } } };
    await ask(() => ({ events: [working, { task: remoteTask('COMPLETED') }] }));
    expect(steps).toEqual([
      { id: '1', name: masked, status: 'in_progress', tool: '***' },
      { id: '1', name: masked, status: 'completed', tool: '***', summary: masked },
    ]);
  });
});
