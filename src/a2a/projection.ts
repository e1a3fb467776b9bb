import {
  eventId,
  isoTime,
  type FinishedEvent,
  type Position,
  type RunEvent,
  type RunState,
  type SaidMessage,
  type StoredEvent,
} from '../runs/event.ts';
import type { LoadedRun } from '../runs/log.ts';
import { exchangeOf } from '../runs/continuation.ts';
import type { Message, Part } from '../runs/message.ts';
import type { RunRecord, RunRequest } from '../runs/record.ts';
import type { RunSnapshot } from '../runs/snapshot.ts';
import { takesOutput } from './media-types.ts';
import type { Artifact, ArtifactUpdate, StreamResponse, Task, TaskState, TaskStatus } from './wire.ts';

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
  const history = historyOf(record, snapshot, options.historyLength);
  return {
    id: record.id,
    contextId: record.contextId,
    status: statusOf(record, snapshot, options.answerIn),
    ...(artifacts.length > 0 && { artifacts }),
    ...(history.length > 0 && { history }),
  };
}

/** The task with at most this many messages of its history. */
export function withHistory({ history = [], ...task }: Task, length: number): Task {
  const last = lastOf(history, length);
  return last.length > 0 ? { ...task, history: last } : task;
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
    case 'accepted': {
      const task = { id: record.id, contextId: record.contextId, status: status('submitted', event.at) };
      return { task: { ...task, history: [record.request.message] } };
    }
    case 'text':
      if (answerIn === 'status' || !takesOutput(record.request, plain)) return undefined;
      return { artifactUpdate: { ...ids, ...textUpdate(event) } };
    case 'structured':
      if (answerIn === 'status' || !takesOutput(record.request, json)) return undefined;
      return { artifactUpdate: { ...ids, ...structuredUpdate(event) } };
    case 'artifact': {
      const [artifact] = takenArtifacts(record.request, [event.artifact]);
      return artifact && { artifactUpdate: { ...ids, ...artifactUpdate({ ...event, artifact }) } };
    }
    case 'linked':
      return undefined;
    case 'finished':
      if (event.reply) return { message: replyMessage(record, stored, event.reply) };
      return {
        statusUpdate: { ...ids, status: finishedStatus(record, { event, at: stored }, answerIn, answer) },
      };
    default:
      return workingUpdate(record, stored, event);
  }
}

/** What an agent says of its work: a working status, with a message where there is something to say. */
function workingUpdate(
  record: RunRecord,
  stored: StoredEvent,
  event: RunEvent & { kind: 'restarted' | 'continued' | 'step' | 'status' },
): StreamResponse | undefined {
  let said: SaidMessage | undefined;
  if (event.kind === 'step') {
    if (!record.request.properties.includeSteps) return undefined;
    said = {
      parts: [{ data: { ...event.step }, mediaType: json, metadata: { type: 'DW_STATUS_UPDATE' } }],
    };
  } else if (event.kind === 'status') said = event.message;
  const message = said && agentMessage(record, eventId(stored), said);
  const metadata = event.kind === 'status' ? event.metadata : undefined;
  return {
    statusUpdate: {
      taskId: record.id,
      contextId: record.contextId,
      status: status('working', event.at, message),
      ...(metadata && { metadata }),
    },
  };
}

function statusOf(record: RunRecord, snapshot: RunSnapshot, answerIn: AnswerPlace): TaskStatus {
  if (!snapshot.finished) return status(snapshot.state, snapshot.stateAt);
  const finished = { event: snapshot.finished, at: snapshot.restedAt ?? snapshot };
  return finishedStatus(record, finished, answerIn, snapshot);
}

function finishedStatus(
  record: RunRecord,
  { event, at }: { event: FinishedEvent; at: Position },
  answerIn: AnswerPlace,
  answer: RunSnapshot | undefined,
): TaskStatus {
  const parts = [...(event.parts ?? [])];
  if (event.failure)
    parts.push({ text: event.failure.message, mediaType: plain, metadata: { code: event.failure.code } });
  else if (event.state === 'completed' && answer)
    parts.push(...answerInStatus(record.request, answer, answerIn));
  const said = { parts, ...(event.metadata && { metadata: event.metadata }) };
  const message = parts.length > 0 ? agentMessage(record, eventId(at), said) : undefined;
  return status(event.state, event.at, message);
}

/** What of the answer the final status message holds. */
function answerInStatus(request: RunRequest, answer: RunSnapshot, answerIn: AnswerPlace): Part[] {
  // A stream left out each part that its caller does not take: where those were all, here they are.
  if (isUntaken(request, answer)) return saidParts(answer);
  return answerIn === 'artifact' ? [] : takenParts(request, answerParts(answer));
}

/** Whether the caller takes nothing of what was answered: then it gets all of it. */
function isUntaken(request: RunRequest, answer: RunSnapshot): boolean {
  if (!request.acceptedOutputModes) return false;
  const said = saidParts(answer);
  return said.length > 0 && takenParts(request, said).length === 0;
}

/** All that was answered, the agent's own artifacts included. */
function saidParts(answer: RunSnapshot): Part[] {
  const own = (answer.artifacts ?? []).flatMap(({ parts }) => parts);
  return [...answerParts(answer).filter(({ text }) => text !== ''), ...own];
}

/** The parts that the caller takes (spec §3.2.2). */
function takenParts(request: RunRequest, parts: Part[]): Part[] {
  if (!request.acceptedOutputModes) return parts;
  return parts.filter(({ mediaType }) => takesOutput(request, mediaType));
}

/** The artifacts with those of their parts that the caller takes; one with none of them left is left out. */
function takenArtifacts(request: RunRequest, artifacts: Artifact[]): Artifact[] {
  if (!request.acceptedOutputModes) return artifacts;
  return artifacts.flatMap((artifact) => {
    const parts = takenParts(request, artifact.parts);
    return parts.length > 0 ? [{ ...artifact, parts }] : [];
  });
}

function answerParts(answer: RunSnapshot): Part[] {
  // Agents of another kind bring artifacts of their own and no text: none is made up for them.
  const parts: Part[] = answer.text === '' ? [] : [{ text: answer.text, mediaType: plain }];
  if (answer.structured) {
    parts.push({ data: answer.structured, mediaType: json, metadata: { type: 'STRUCTURED_RESPONSE' } });
  }
  return parts;
}

function status(state: RunState, at: number, message?: Message): TaskStatus {
  return { state: taskStates[state], timestamp: isoTime(at), ...(message && { message }) };
}

/** Message ids are made from the log's, so that a replay is the same to the letter. */
function agentMessage(record: RunRecord, suffix: string, said: SaidMessage, ofTask = true): Message {
  return {
    messageId: `${record.id}-${suffix}`,
    role: 'ROLE_AGENT',
    ...said,
    contextId: record.contextId,
    ...(ofTask && { taskId: record.id }),
  };
}

/** The direct answer of an agent that made no task (spec §3.1.1); undefined where there is one. */
export function replyOf({ record, snapshot }: LoadedRun): Message | undefined {
  const reply = snapshot.finished?.reply;
  return reply && replyMessage(record, snapshot.restedAt ?? snapshot, reply);
}

function replyMessage(record: RunRecord, at: Position, reply: SaidMessage): Message {
  const taken = takenParts(record.request, reply.parts);
  const parts = taken.length > 0 ? taken : reply.parts;
  return agentMessage(record, eventId(at), { ...reply, parts }, false);
}

function artifactUpdate(
  event: RunEvent & { kind: 'artifact' },
): Omit<ArtifactUpdate, 'taskId' | 'contextId'> {
  return {
    artifact: event.artifact,
    append: event.append ? true : undefined,
    lastChunk: event.last ? true : undefined,
    ...(event.metadata && { metadata: event.metadata }),
  };
}

function artifactsOf({ request }: RunRecord, snapshot: RunSnapshot): Artifact[] {
  const artifacts: Artifact[] = [];
  if (snapshot.text !== '') artifacts.push(textArtifact(snapshot.text, true));
  if (snapshot.structured) artifacts.push(structuredArtifact(snapshot.structured));
  if (snapshot.artifacts) artifacts.push(...snapshot.artifacts);
  const isWhole = snapshot.state === 'completed' && isUntaken(request, snapshot);
  return isWhole ? artifacts : takenArtifacts(request, artifacts);
}

function textUpdate(event: RunEvent & { kind: 'text' }): Omit<ArtifactUpdate, 'taskId' | 'contextId'> {
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

function structuredUpdate(
  event: RunEvent & { kind: 'structured' },
): Omit<ArtifactUpdate, 'taskId' | 'contextId'> {
  return { artifact: structuredArtifact(event.data), append: false, lastChunk: true };
}

function structuredArtifact(data: RunSnapshot['structured'] & object): Artifact {
  const part: Part = { data, mediaType: json, metadata: { type: 'STRUCTURED_RESPONSE' } };
  return { artifactId: structuredArtifactId, name: 'Structured response', parts: [part] };
}

/** The task's messages but the one in its status, the newest `length` of them. */
function historyOf(record: RunRecord, snapshot: Pick<RunSnapshot, 'continued'>, length?: number): Message[] {
  if (length === 0) return [];
  const messages = exchangeOf(record.request, snapshot).map(({ message }) => message);
  return length === undefined ? messages : lastOf(messages, length);
}

function lastOf<T>(list: readonly T[], length: number): T[] {
  return list.slice(Math.max(0, list.length - length));
}
