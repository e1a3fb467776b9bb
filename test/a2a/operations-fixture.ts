import { randomUUID } from 'node:crypto';
import type { Call } from '../../src/a2a/call.ts';
import { CardCatalog } from '../../src/a2a/card-catalog.ts';
import { Operations } from '../../src/a2a/operations.ts';
import { v1Codec } from '../../src/a2a/v1/codec.ts';
import type { Codec, SendMessageRequest, SendResult, Task } from '../../src/a2a/wire.ts';
import type { AgentRevision } from '../../src/agents/definition.ts';
import { AgentInvoker } from '../../src/agents/invoker.ts';
import { AgentRegistry } from '../../src/agents/registry.ts';
import type { Principal } from '../../src/auth/principal.ts';
import type { RunEngine } from '../../src/runs/engine.ts';
import type { Executor } from '../../src/runs/executor.ts';
import type { Message } from '../../src/runs/message.ts';
import { defaultProperties } from '../../src/runs/properties.ts';
import type { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { agentWith, openEngine } from '../runs/engine-fixture.ts';
import { openLog } from '../stores/sqlite-data.ts';
import { directoryOf, ScriptedModel } from '../support/scripted-model.ts';
import { agentRevision } from './agent-revision.ts';

export interface Desk {
  log: SqliteRunLog;
  engine: RunEngine;
  invoker: AgentInvoker;
  operations: Operations;
  cards: CardCatalog;
  agent: AgentRevision;
  close: () => Promise<void>;
}

/** The operations over a real engine and log; the agent's executor is the test's. */
export function openDesk(
  executor: Executor,
  agent = agentRevision({ execution: { model: { fallbackLlmIds: [] } } }),
): Desk {
  const log = openLog(':memory:');
  const engine = openEngine({ log });
  const registry = new AgentRegistry();
  registry.put(agent);
  const models = directoryOf(new ScriptedModel([]));
  const invoker = new AgentInvoker({ registry, models, engine, executableOf: () => agentWith(executor) });
  const close = async (): Promise<void> => {
    await engine.drain(0);
    await log.close();
  };
  const cards = new CardCatalog({
    card: () => ({ publicUrl: 'https://agents.example' }),
    signer: { keyId: async () => 'none', sign: async () => [] },
  });
  const parts = { log, engine, invoker, cards };
  return { ...parts, operations: new Operations(parts), agent, close };
}

export function principal(userId = 'user-1'): Principal {
  return {
    userId,
    kind: 'api-key',
    role: 'user',
    claims: {},
    assignedAgents: new Set(),
    anonymousAllowed: false,
  };
}

export function callOn(desk: Pick<Desk, 'agent'>, changes: Partial<Call> = {}): Call {
  return {
    principal: principal(),
    agent: desk.agent,
    codec: v1Codec,
    activated: [],
    properties: defaultProperties(),
    signal: new AbortController().signal,
    ...changes,
  };
}

export function sending(
  message: Partial<Message> = {},
  request: Partial<SendMessageRequest> = {},
): SendMessageRequest {
  const whole: Message = {
    messageId: randomUUID(),
    role: 'ROLE_USER',
    parts: [{ text: 'Hello' }],
    ...message,
  };
  return { message: whole, blocking: true, ...request };
}

/** A codec that counts what it encodes. */
export function countingCodec(codec: Codec = v1Codec): Codec & { encoded: number } {
  const counting = {
    ...codec,
    encoded: 0,
    encodeEvent(...given: Parameters<Codec['encodeEvent']>) {
      counting.encoded += 1;
      return codec.encodeEvent(...given);
    },
  };
  return counting;
}

/** The task of a send's result. @throws when the agent answered directly. */
export function taskIn(result: SendResult): Task {
  if ('task' in result) return result.task;
  throw new Error('The agent answered without a task.');
}
