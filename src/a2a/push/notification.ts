import { isAfter, type Position, type StoredEvent } from '../../runs/event.ts';
import type { LoadedRun, RunLog } from '../../runs/log.ts';
import { completesArtifact } from '../../runs/notable.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../runs/snapshot.ts';
import { responseOf, taskOf } from '../projection.ts';
import { codecOf } from '../versions.ts';
import type { StreamResponse } from '../wire.ts';
import type { Delivery } from './outbox.ts';

/** What is posted about one event. */
export interface Notification {
  contentType: 'application/a2a+json' | 'application/json';
  /** JSON text. */
  body: string;
}

/**
 * Makes the notification: in v1.0 the StreamResponse of the event (spec §4.3.3), in v0.3 the task as of the event
 * (v0.3 spec §9.5). Where the events are past their retention, the task as it is now. Undefined: no such task.
 */
export async function notificationOf(
  log: RunLog,
  { runId, config, position }: Delivery,
  signal: AbortSignal,
): Promise<Notification | undefined> {
  const run = await log.load(runId);
  const codec = codecOf(config.version);
  if (!run || !codec) return undefined;
  const past = await runAsOf(log, run, position, signal);
  const { answerIn } = config;
  const task = taskOf(past ? { ...run, snapshot: past.snapshot } : run, { answerIn });
  if (config.version === '0.3')
    return { contentType: 'application/json', body: JSON.stringify(codec.encodeTask(task)) };
  const response: StreamResponse | undefined = !past
    ? { task }
    : completesArtifact(past.stored.event)
      ? responseOf(run.record, withWholeText(past), answerIn, past.snapshot)
      : { statusUpdate: { taskId: task.id, contextId: task.contextId, status: task.status } };
  return response && { contentType: 'application/a2a+json', body: codec.encodeEvent(response, false) };
}

interface PastRun {
  /** The event at the position, the last one that the snapshot holds. */
  stored: StoredEvent;
  snapshot: RunSnapshot;
}

async function runAsOf(
  log: RunLog,
  { record }: LoadedRun,
  position: Position,
  signal: AbortSignal,
): Promise<PastRun | undefined> {
  const snapshot = emptySnapshot(record.createdAt);
  if (!(await log.covers(record.id, snapshot))) return undefined;
  let read: Position | undefined;
  // A reading ends where the run was at rest; the task may have been continued from there.
  while (read !== undefined || snapshot.attempt === 0) {
    read = undefined;
    for await (const events of log.follow(record.id, { ...snapshot }, signal)) {
      for (const stored of events) {
        if (isAfter(stored, position)) return undefined;
        fold(snapshot, stored);
        read = stored;
        if (!isAfter(position, stored)) return { stored, snapshot };
      }
    }
  }
  return undefined;
}

/** A text's end as if the text had come at once: it is sent whole, not piece by piece. */
function withWholeText({ stored, snapshot }: PastRun): StoredEvent {
  const { event } = stored;
  if (event.kind !== 'text') return stored;
  return { ...stored, event: { ...event, text: snapshot.text, first: true } };
}
