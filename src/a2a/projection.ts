import {
  eventId,
  isoTime,
  type FinishedEvent,
  type RunEvent,
  type RunState,
  type StoredEvent,
} from '../runs/event.ts';
import type { LoadedRun } from '../runs/log.ts';
import type { Message, Part } from '../runs/message.ts';
import type { RunRecord } from '../runs/record.ts';
import type { RunSnapshot } from '../runs/snapshot.ts';
import { takesOutput } from './media-types.ts';
import type { Artifact, StreamResponse, Task, TaskState, TaskStatus } from './wire.ts';

/** Where the answer stands: in artifacts, in the final status message, or in both. */
export type AnswerPlace = 'both' | 'status' | 'artifact';

const taskStates: Readonly<Record<RunState, TaskState>> = {
  submitted: 'TASK_STATE_SUBMITTED',
  working: 'TASK_STATE_WORKING',
  completed: 'TASK_STATE_COMPLETED',
  failed: 'TASK_STATE_FAILED',
  canceled: 'TASK_STATE_CANCELED',
  rejected: 'TASK_STATE_REJECTED',
  'input-required': 'TASK_STATE_INPUT_REQUIRED',
  'auth-required': 'TASK_STATE_AUTH_REQUIRED',
};

const runStates = new Map(Object.entries(taskStates).map(([run, task]) => [task, run as RunState]));

export function runStateOf(state: TaskState): RunState | undefined {
  return runStates.get(state);
}

const textArtifactId = 'answer';
const structuredArtifactId = 'structured-response';
const json = 'application/json';
const plain = 'text/plain';

export interface TaskOptions {
  answerIn: AnswerPlace;
  /** At most this many messages of the history; 0 leaves it out (spec §3.2.4). */
  historyLength?: number;
  includeArtifacts?: boolean;
}

/** The task as it stands: a reading of the run's snapshot. */
export function taskOf(run: LoadedRun, options: TaskOptions): Task {
  const { record, snapshot } = run;
  const artifacts =
    options.includeArtifacts === false || options.answerIn === 'status' ? [] : artifactsOf(record, snapshot);
  const history = historyOf(record, options.historyLength);
  return {
    id: record.id,
    contextId: record.contextId,
    status: statusOf(record, snapshot, options.answerIn),
    ...(artifacts.length > 0 && { artifacts }),
    ...(history.length > 0 && { history }),
  };
}

/** The task with at most this many messages of its history. */
export function withHistory({ history, ...task }: Task, length: number): Task {
  const last = history && lastOf(history, length);
  return last?.length ? { ...task, history: last } : task;
}

/**
 * What a stream shows of one stored event; undefined when this reader is not shown it.
 * @param answer the snapshot whose text and structured response a final status message repeats
 */
export function responseOf(
  record: RunRecord,
  stored: StoredEvent,
  answerIn: AnswerPlace,
  answer: RunSnapshot | undefined,
): StreamResponse | undefined {
  const { event } = stored;
  const ids = { taskId: record.id, contextId: record.contextId };
  switch (event.kind) {
    case 'accepted':
      return {
        task: {
          id: ids.taskId,
          contextId: ids.contextId,
          status: status('submitted', event.at),
          history: historyOf(record),
        },
      };
    case 'restarted':
      return { statusUpdate: { ...ids, status: status('working', event.at) } };
    case 'step': {
      if (!record.request.properties.includeSteps) return undefined;
      const part: Part = { data: { ...event.step }, mediaType: json, metadata: { type: 'DW_STATUS_UPDATE' } };
      const message = agentMessage(record, eventId(stored), [part]);
      return { statusUpdate: { ...ids, status: status('working', event.at, message) } };
    }
    case 'text':
      if (answerIn === 'status' || !takesOutput(record.request, plain)) return undefined;
      return { artifactUpdate: { ...ids, ...textUpdate(event) } };
    case 'structured':
      if (answerIn === 'status' || !takesOutput(record.request, json)) return undefined;
      return {
        artifactUpdate: { ...ids, artifact: structuredArtifact(event.data), append: false, lastChunk: true },
      };
    case 'finished':
      return { statusUpdate: { ...ids, status: finishedStatus(record, event, answerIn, answer) } };
  }
}

function statusOf(record: RunRecord, snapshot: RunSnapshot, answerIn: AnswerPlace): TaskStatus {
  if (!snapshot.finished) return status(snapshot.state, snapshot.stateAt);
  return finishedStatus(record, snapshot.finished, answerIn, snapshot);
}

function finishedStatus(
  record: RunRecord,
  event: FinishedEvent,
  answerIn: AnswerPlace,
  answer: RunSnapshot | undefined,
): TaskStatus {
  const parts = [...(event.parts ?? [])];
  if (event.failure)
    parts.push({ text: event.failure.message, mediaType: plain, metadata: { code: event.failure.code } });
  // A stream left out what its caller does not take; where that was all, here it is.
  else if (event.state === 'completed' && answer && (answerIn !== 'artifact' || isUntaken(record, answer)))
    parts.push(...takenParts(record, answer));
  const message = parts.length > 0 ? agentMessage(record, 'final', parts) : undefined;
  return status(event.state, event.at, message);
}

/** The parts of the answer that its caller takes (spec §3.2.2); all of them rather than nothing. */
function takenParts(record: RunRecord, answer: RunSnapshot): Part[] {
  const parts = answerParts(answer);
  return isUntaken(record, answer)
    ? parts
    : parts.filter(({ mediaType }) => takesOutput(record.request, mediaType));
}

/** Whether the caller takes nothing of what was answered. */
function isUntaken({ request }: RunRecord, answer: RunSnapshot): boolean {
  if (!request.acceptedOutputModes) return false;
  const said = answerParts(answer).filter(({ text }) => text !== '');
  return said.length > 0 && !said.some(({ mediaType }) => takesOutput(request, mediaType));
}

function answerParts(answer: RunSnapshot): Part[] {
  const parts: Part[] = [{ text: answer.text, mediaType: plain }];
  if (answer.structured) {
    parts.push({ data: answer.structured, mediaType: json, metadata: { type: 'STRUCTURED_RESPONSE' } });
  }
  return parts;
}

function status(state: RunState, at: number, message?: Message): TaskStatus {
  return { state: taskStates[state], timestamp: isoTime(at), ...(message && { message }) };
}

/** Message ids are made from the log's, so that a replay is the same to the letter. */
function agentMessage(record: RunRecord, suffix: string, parts: Part[]): Message {
  return {
    messageId: `${record.id}-${suffix}`,
    role: 'ROLE_AGENT',
    parts,
    contextId: record.contextId,
    taskId: record.id,
  };
}

function artifactsOf(record: RunRecord, snapshot: RunSnapshot): Artifact[] {
  const artifacts: Artifact[] = [];
  if (snapshot.text !== '') artifacts.push(textArtifact(snapshot.text, true));
  if (snapshot.structured) artifacts.push(structuredArtifact(snapshot.structured));
  if (!record.request.acceptedOutputModes) return artifacts;
  if (snapshot.state === 'completed' && isUntaken(record, snapshot)) return artifacts;
  return artifacts
    .map((artifact) => ({
      ...artifact,
      parts: artifact.parts.filter(({ mediaType }) => takesOutput(record.request, mediaType)),
    }))
    .filter(({ parts }) => parts.length > 0);
}

function textUpdate(event: RunEvent & { kind: 'text' }): {
  artifact: Artifact;
  append?: boolean;
  lastChunk?: boolean;
} {
  const artifact = textArtifact(event.text, event.first);
  return { artifact, append: event.first ? undefined : true, lastChunk: event.last ? true : undefined };
}

function textArtifact(text: string, named: boolean): Artifact {
  return {
    artifactId: textArtifactId,
    ...(named && { name: 'Answer' }),
    parts: [{ text, mediaType: plain }],
  };
}

function structuredArtifact(data: RunSnapshot['structured'] & object): Artifact {
  const part: Part = { data, mediaType: json, metadata: { type: 'STRUCTURED_RESPONSE' } };
  return { artifactId: structuredArtifactId, name: 'Structured response', parts: [part] };
}

function historyOf(record: RunRecord, length?: number): Message[] {
  return lastOf([record.request.message], length);
}

/** The last `length` of the list, in its order; without a length all of it (spec §3.2.4). */
function lastOf<T>(list: readonly T[], length = list.length): T[] {
  return list.slice(Math.max(0, list.length - length));
}
