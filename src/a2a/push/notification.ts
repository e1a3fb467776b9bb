import { isAfter, type Position, type RunEvent, type StoredEvent } from '../../runs/event.ts';
import type { LoadedRun, RunLog } from '../../runs/log.ts';
import { completesArtifact } from '../../runs/notable.ts';
import type { RunRecord } from '../../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../runs/snapshot.ts';
import { replyOf, responseOf, taskOf, type AnswerPlace } from '../projection.ts';
import { codecOf } from '../versions.ts';
import type { ArtifactUpdate, StreamResponse } from '../wire.ts';
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
  // Where the agent answered without a task, v0.3 has nothing to send.
  if (config.version === '0.3' && replyOf(run)) return undefined;
  const task = taskOf(past ? { ...run, snapshot: past.snapshot } : run, { answerIn });
  if (config.version === '0.3')
    return { contentType: 'application/json', body: JSON.stringify(codec.encodeTask(task)) };
  const response = past ? responseAsOf(run.record, past, answerIn) : { task };
  return response && { contentType: 'application/a2a+json', body: codec.encodeEvent(response, false) };
}

/** They begin the work, and are not shown for themselves: the state that they brought is. */
const work: ReadonlySet<RunEvent['kind']> = new Set(['step', 'text', 'structured', 'artifact', 'linked']);

/** An artifact whole, where the event completes one; else the state that it brought. */
function responseAsOf(
  record: RunRecord,
  { stored, snapshot }: PastRun,
  answerIn: AnswerPlace,
): StreamResponse | undefined {
  const response = responseOf(record, stored, answerIn, snapshot);
  const run = { record, snapshot };
  if (completesArtifact(stored.event)) {
    return response && 'artifactUpdate' in response ? wholeArtifact(run, response.artifactUpdate) : response;
  }
  if (response && !work.has(stored.event.kind)) return response;
  const { id: taskId, contextId, status } = taskOf(run, { answerIn });
  return { statusUpdate: { taskId, contextId, status } };
}

/** The event may hold the last piece alone; the task as of it has all of them. */
function wholeArtifact(run: LoadedRun, update: ArtifactUpdate): StreamResponse {
  const { artifacts = [] } = taskOf(run, { answerIn: 'artifact' });
  const whole = artifacts.find(({ artifactId }) => artifactId === update.artifact.artifactId);
  return {
    artifactUpdate: { ...update, artifact: whole ?? update.artifact, append: false, lastChunk: true },
  };
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
  // A reading ends where the run was at rest; the task may have been continued from there.
  for (let goesOn = true; goesOn;) {
    goesOn = false;
    for await (const events of log.follow(record.id, { ...snapshot }, signal)) {
      for (const stored of events) {
        if (isAfter(stored, position)) return undefined;
        fold(snapshot, stored);
        if (!isAfter(position, stored)) return { stored, snapshot };
      }
      goesOn = true;
    }
  }
  return undefined;
}
