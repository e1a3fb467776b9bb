import { hash } from 'node:crypto';
import { isAfter, type Position, type RunEvent, type RunState, type StoredEvent } from '../../runs/event.ts';
import type { Conversation, LoadedRun } from '../../runs/log.ts';
import type { RunRecord } from '../../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../runs/snapshot.ts';

/** Of one width each, so that a change of state does not change the size of the row. */
const stateCodes: Readonly<Record<RunState, number>> = {
  submitted: 10,
  working: 11,
  'input-required': 20,
  'auth-required': 21,
  completed: 30,
  failed: 31,
  canceled: 32,
  rejected: 33,
};

/** Below it a run is executed, or was when its process was lost. */
export const waitingCode = 20;
/** From it on a run is at a terminal state. */
export const terminalCode = 30;

const states = new Map(Object.entries(stateCodes).map(([state, code]) => [code, state as RunState]));

export function stateCode(state: RunState): number {
  return stateCodes[state];
}

/** The counterpart of stateCode. */
export function stateOf(code: number): RunState {
  return states.get(code) ?? 'submitted';
}

/** A run with its record and its saved snapshot, if one was saved. */
export interface RunRow {
  number: number;
  attempt: number;
  state: number;
  created_at: number;
  record: string;
  snapshot: string | null;
}

export interface EventRow {
  attempt: number;
  sequence: number;
  body: string;
}

export function scopeKey(owner: string, agentId: string): string {
  return JSON.stringify([owner, agentId]);
}

export function conversationKey({ owner, agentId, contextId }: Conversation): string {
  return JSON.stringify([owner, agentId, contextId]);
}

/** A short number to look the request up by; whether the run found is the same request, isSameRequest says. */
export function requestKey(record: RunRecord): number {
  return hash('sha256', requestIdentity(record), 'buffer').readUIntBE(0, 6);
}

/** Whether both come from the same request: owner, agent, context if it was named, and messageId. */
export function isSameRequest(one: RunRecord, other: RunRecord): boolean {
  return requestIdentity(one) === requestIdentity(other);
}

function requestIdentity({ owner, agentId, contextNamed, contextId, request }: RunRecord): string {
  return JSON.stringify([owner, agentId, contextNamed ? contextId : null, request.message.messageId]);
}

/** The first event of every log. It has no row of its own. */
export function acceptedEvent(at: number): StoredEvent {
  return { attempt: 1, sequence: 1, event: { kind: 'accepted', at } };
}

/** JSON escapes NUL and lone surrogates, which SQLite's text would not keep. */
export function encodeEvents(events: readonly StoredEvent[]): string {
  return JSON.stringify(events.map(({ event }) => event));
}

/** The row's events after `position`. */
export function decodeEvents({ attempt, sequence, body }: EventRow, position: Position): StoredEvent[] {
  const events = JSON.parse(body) as RunEvent[];
  const before = sequence - events.length;
  const stored = events.map((event, index) => ({ attempt, sequence: before + index + 1, event }));
  return stored[0] && isAfter(stored[0], position)
    ? stored
    : stored.filter((event) => isAfter(event, position));
}

export function parseRecord(text: string): RunRecord {
  return JSON.parse(text) as RunRecord;
}

/** The snapshot as it was saved; of a run without one: as it was accepted. */
export function savedSnapshot(row: Pick<RunRow, 'snapshot' | 'created_at'>): RunSnapshot {
  if (row.snapshot !== null) return JSON.parse(row.snapshot) as RunSnapshot;
  const snapshot = emptySnapshot(row.created_at);
  fold(snapshot, acceptedEvent(row.created_at));
  return snapshot;
}

/** The run with its snapshot folded over the events after it. */
export function loadedRun(row: RunRow, snapshot: RunSnapshot, tail: Iterable<EventRow>): LoadedRun {
  for (const events of tail) {
    for (const stored of decodeEvents(events, snapshot)) fold(snapshot, stored);
  }
  // Whoever took the run over may not have written yet: the position says whose turn it is all the same.
  if (row.attempt > snapshot.attempt) Object.assign(snapshot, { attempt: row.attempt, sequence: 0 });
  return { record: parseRecord(row.record), snapshot };
}
