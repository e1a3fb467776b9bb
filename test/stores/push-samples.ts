import type { Delivery, PushOutbox, StoredPushConfig } from '../../src/a2a/push/outbox.ts';
import { eventId, type RunEvent } from '../../src/runs/event.ts';
import type { RunLog } from '../../src/runs/log.ts';
import type { SampleRun } from './run-samples.ts';

/** A run log and the outbox of the same store. */
export interface OpenedOutbox {
  log: RunLog;
  outbox: PushOutbox;
  /** Closes both and opens them again on the same data. */
  reopen: () => Promise<void>;
  close: () => Promise<void>;
}

const at = 1;
export const step: RunEvent = {
  kind: 'step',
  at,
  step: {
    id: 's1',
    type: 'planning',
    name: 'Plan',
    status: 'completed',
    iteration: 1,
    startedAt: '2026-01-01T00:00:00Z',
  },
};
export const piece = (text: string, last = false): RunEvent => ({
  kind: 'text',
  at,
  text,
  first: false,
  last,
});
export const structured: RunEvent = { kind: 'structured', at, data: { state: 'sent' } };
export const restarted: RunEvent = { kind: 'restarted', at };
/** Later than anything that was written. */
export const ever = 1e15;
export const failure = { tries: 1, error: 'HTTP 500' };

export function pushConfig(id: string, changes: Partial<StoredPushConfig> = {}): StoredPushConfig {
  return {
    id,
    version: '1.0',
    answerIn: 'artifact',
    artifacts: true,
    target: `https://receiver.example/${id}`,
    sealed: `sealed ${id}`,
    ...changes,
  };
}

/** What the tests of one topic are given. */
export interface Subject {
  log: () => RunLog;
  outbox: () => PushOutbox;
  reopen: () => Promise<void>;
  /** A run that is created with a config. */
  start: (config?: StoredPushConfig) => Promise<SampleRun>;
  /** Takes everything out, in the order in which it is due. */
  drain: () => Promise<Delivery[]>;
}

/** The ids of the events that they are about. */
export function events(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ position }) => eventId(position));
}
