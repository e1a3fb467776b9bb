import { randomBytes, randomUUID } from 'node:crypto';
import { RunEngine, type ExecutableAgent, type StartRequest } from '../../src/runs/engine.ts';
import type { StoredEvent } from '../../src/runs/event.ts';
import type { ExecutorEvent, Executor, Outcome } from '../../src/runs/executor.ts';
import type { RunLog } from '../../src/runs/log.ts';
import { defaultProperties } from '../../src/runs/properties.ts';
import { SecretBox } from '../../src/runs/secret-box.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { beginning } from '../stores/run-samples.ts';

/** Remembers what is logged, by level. */
export class RecordingLog implements Log {
  readonly lines: { level: string; message: string }[] = [];
  readonly error = (message: string): void => void this.lines.push({ level: 'error', message });
  readonly warn = (message: string): void => void this.lines.push({ level: 'warn', message });
  readonly info = (message: string): void => void this.lines.push({ level: 'info', message });
  readonly debug = (message: string): void => void this.lines.push({ level: 'debug', message });

  errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  }
}

export const secretsKey = randomBytes(32);

export interface EngineSetup {
  log: RunLog;
  logger?: Log;
  agents?: readonly ExecutableAgent[];
  findAgent?: (agentId: string) => ExecutableAgent | undefined;
  key?: Buffer;
}

export function openEngine({
  log,
  logger = new RecordingLog(),
  agents = [],
  findAgent,
  key,
}: EngineSetup): RunEngine {
  return new RunEngine({
    log,
    logger,
    findAgent: findAgent ?? ((agentId) => agents.find((agent) => agent.agentId === agentId)),
    secretBox: new SecretBox(key ?? secretsKey),
    idempotencyWindowMs: 60_000,
  });
}

export function agentWith(executor: Executor, changes: Partial<ExecutableAgent> = {}): ExecutableAgent {
  const limits = { timeoutSeconds: 30, maxHistoryMessages: 20 };
  return {
    agentId: 'order-desk',
    revision: '0123456789ab',
    executor,
    onReplicaLoss: 'rerun',
    ...limits,
    ...changes,
  };
}

export function startRequest(agent: ExecutableAgent, changes: Partial<StartRequest> = {}): StartRequest {
  return {
    agent,
    owner: 'user-1',
    door: 'a2a',
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'Hello' }] },
    contextValues: {},
    secrets: {},
    properties: defaultProperties(),
    ...changes,
  };
}

export function say(text: string, first = false, last = false): ExecutorEvent {
  return { kind: 'text', at: Date.now(), text, first, last };
}

export const completed: Outcome = { state: 'completed' };

/** Says these words, each as one event, and completes. */
export function saying(...words: readonly string[]): Executor {
  return async function* () {
    for (const [index, word] of words.entries()) yield say(word, index === 0, index === words.length - 1);
    return completed;
  };
}

/** Says one word and then waits for what never comes; `heeds` says whether an abort wakes it. */
export function hanging(heeds: boolean): Executor {
  return async function* ({ signal }) {
    yield say('Wait', true);
    await new Promise<void>((_resolve, reject) => {
      if (heeds) signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return completed;
  };
}

/** All events of the run, to its end. */
export async function eventsOf(engine: RunEngine, runId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const batch of engine.read(runId, beginning)) events.push(...batch);
  return events;
}

export const never = new AbortController().signal;

export function kindsOf(events: readonly StoredEvent[]): string[] {
  return events.map(({ event }) => event.kind);
}
