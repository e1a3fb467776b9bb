import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AgentDelegation } from '../../../src/agents/delegation/delegation.ts';
import type { DeclaredExecution } from '../../../src/agents/definition.ts';
import { AgentRegistry } from '../../../src/agents/registry.ts';
import { openRemoteAgent } from '../../../src/agents/remote/remote-agent.ts';
import type { AgentToolDefinition } from '../../../src/agents/tool-types/agent.ts';
import type { RunEngine } from '../../../src/runs/engine.ts';
import type { RunRecord } from '../../../src/runs/record.ts';
import { EgressGuard } from '../../../src/tools/egress/egress-guard.ts';
import type { ToolResult } from '../../../src/tools/tool.ts';
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
const guard = new EgressGuard({ allow: [] });
let engine: RunEngine;
let remote: FakeRemote | undefined;
let started: RunRecord[] = [];
let close: () => Promise<void>;

beforeEach(() => {
  const log = openLog(':memory:');
  engine = openEngine({ log });
  started = [];
  close = async () => {
    await engine.drain(0);
    await log.close();
  };
});

afterEach(async () => {
  await close();
  await remote?.[Symbol.asyncDispose]();
});

/** Asks an agent of another server, with a header from the context. */
async function ask(answer: (call: RemoteCall) => RemoteAnswer): Promise<ToolResult> {
  remote = await startFakeRemote(answer);
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
    openRemote: (target) => openRemoteAgent(target, { guard, env: {} }),
    logger: new RecordingLog(),
  });
  const tool: AgentToolDefinition = {
    name: 'ask_remote',
    type: 'agent',
    card: remote.cardUrl,
    headers: { 'X-Token': { context: 'token' } },
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
