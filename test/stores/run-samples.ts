import { randomUUID, randomUUIDv7 } from 'node:crypto';
import type { FinishedEvent, Position, RestingState, RunEvent, StoredEvent } from '../../src/runs/event.ts';
import type { AppendBatch, RunLog } from '../../src/runs/log.ts';
import type { RunRecord } from '../../src/runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../src/runs/snapshot.ts';

export const beginning: Position = { attempt: 0, sequence: 0 };
/** No idempotency. */
export const once = { windowMs: 0 };

export interface RecordChanges extends Partial<Omit<RunRecord, 'request'>> {
  messageId?: string;
  text?: string;
  history?: RunRecord['request']['history'];
}

export function runRecord(changes: RecordChanges = {}): RunRecord {
  const { messageId = randomUUID(), text = 'Where is my order?', history, ...fields } = changes;
  const id = fields.id ?? randomUUIDv7();
  const contextId = fields.contextId ?? randomUUIDv7();
  return {
    id,
    contextId,
    agentId: 'order-desk',
    agentRevision: '0123456789ab',
    owner: 'user-1',
    door: 'a2a',
    contentHash: 'content-1',
    contextNamed: true,
    createdAt: Date.now(),
    ...fields,
    request: {
      message: { messageId, role: 'ROLE_USER', contextId, taskId: id, parts: [{ text }] },
      contextValues: {},
      properties: { includeProbe: true, includeSteps: true, unknown: [] },
      ...(history && { history }),
    },
  };
}

export function text(content: string, at = 1): RunEvent {
  return { kind: 'text', at, text: content, first: false, last: false };
}

export function finished(state: RestingState, at = Date.now()): FinishedEvent {
  return { kind: 'finished', at, state };
}

/** Numbers the events from `first` on. */
export function stored(first: Position, ...events: RunEvent[]): StoredEvent[] {
  return events.map((event, index) => ({ attempt: first.attempt, sequence: first.sequence + index, event }));
}

/** Appends to one run as its executor does: numbered, with the folded snapshot where asked. */
export class SampleRun {
  readonly record: RunRecord;
  readonly snapshot: RunSnapshot;
  readonly #log: RunLog;
  #position: Position;

  constructor(log: RunLog, record: RunRecord) {
    this.#log = log;
    this.record = record;
    this.snapshot = emptySnapshot(record.createdAt);
    this.#position = { attempt: 1, sequence: 1 };
    fold(this.snapshot, { ...this.#position, event: { kind: 'accepted', at: record.createdAt } });
  }

  get id(): string {
    return this.record.id;
  }

  /** The next events of the run's log, as one batch. */
  batch(...events: RunEvent[]): AppendBatch {
    const batch = stored({ ...this.#position, sequence: this.#position.sequence + 1 }, ...events);
    for (const event of batch) fold(this.snapshot, event);
    this.#position = batch.at(-1) ?? this.#position;
    return { attempt: this.#position.attempt, events: batch };
  }

  async append(...events: RunEvent[]): Promise<void> {
    const batch = this.batch(...events);
    await this.#log.append(this.id, () => batch);
  }

  async save(...events: RunEvent[]): Promise<void> {
    const batch = this.batch(...events);
    const whole = { ...batch, snapshot: { ...this.snapshot } };
    await this.#log.append(this.id, () => whole);
  }

  /** What is appended from now on belongs to this attempt. */
  continueAs(attempt: number): void {
    this.#position = { attempt, sequence: 0 };
  }
}

export async function startRun(log: RunLog, changes?: RecordChanges): Promise<SampleRun> {
  const record = runRecord(changes);
  await log.create(record, once);
  return new SampleRun(log, record);
}

/** A run at rest, with an answer. */
export async function finishedRun(
  log: RunLog,
  state: RestingState,
  changes: RecordChanges & { answer?: string; at?: number } = {},
): Promise<SampleRun> {
  const { answer = 'It is on its way.', at = Date.now(), ...record } = changes;
  const run = await startRun(log, { createdAt: at, ...record });
  await run.save(text(answer, at), finished(state, at));
  return run;
}

/** Reads until `until` says that it saw the last event. */
export async function read(
  log: RunLog,
  runId: string,
  position: Position,
  until: (last: StoredEvent) => boolean = ({ event }) => event.kind === 'finished',
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const batch of log.follow(runId, position, new AbortController().signal)) {
    events.push(...batch);
    const last = events.at(-1);
    if (last && until(last)) break;
  }
  return events;
}
