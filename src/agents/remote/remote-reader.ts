import { isDeepStrictEqual } from 'node:util';
import { TaskState, type Message, type StreamResponse, type Task, type TaskStatus } from '@a2a-js/sdk';
import type { LinkedTask, RestingState } from '../../runs/event.ts';
import type { ExecutorEvent, Outcome } from '../../runs/executor.ts';
import type { Artifact, JsonObject, Part } from '../../runs/message.ts';
import { RemoteFailure } from './remote-failure.ts';
import { artifactOf, saidOf } from './remote-message.ts';

/** Events that one run may read of its remote agent. */
const mostEvents = 100_000;

const restingStates: ReadonlyMap<TaskState, RestingState> = new Map([
  [TaskState.TASK_STATE_COMPLETED, 'completed'],
  [TaskState.TASK_STATE_FAILED, 'failed'],
  [TaskState.TASK_STATE_CANCELED, 'canceled'],
  [TaskState.TASK_STATE_REJECTED, 'rejected'],
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input-required'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'auth-required'],
]);

type Payload = NonNullable<StreamResponse['payload']>;
type StatusUpdate = (Payload & { $case: 'statusUpdate' })['value'];
type ArtifactUpdate = (Payload & { $case: 'artifactUpdate' })['value'];

export function isResting({ status }: Task): boolean {
  return status !== undefined && restingStates.has(status.state);
}

/** Whether the task waits for its caller. */
export function isWaiting({ status }: Task): boolean {
  const { state } = status ?? {};
  return state === TaskState.TASK_STATE_INPUT_REQUIRED || state === TaskState.TASK_STATE_AUTH_REQUIRED;
}

/**
 * Reads what a remote agent says as run events, each thing once: a task that is shown again, by a poll or a
 * new subscription, brings only what was not said yet.
 */
export class RemoteReader {
  /** Set once the remote's task has come to rest, or answered without one. */
  outcome: Outcome | undefined;
  #linked: LinkedTask | undefined;
  readonly #artifacts = new Map<string, Artifact>();
  /** The message of the last status that was said. */
  #statusMessageId: string | undefined;
  #working = false;
  #events = 0;

  constructor(linked?: LinkedTask) {
    this.#linked = linked;
  }

  /** The remote's task, as soon as it is known. */
  get linked(): LinkedTask | undefined {
    return this.#linked;
  }

  /** How many events were taken so far. */
  get eventCount(): number {
    return this.#events;
  }

  /** @throws RemoteFailure when the remote says too much, or nothing that the protocol knows. */
  *take({ payload }: StreamResponse): Generator<ExecutorEvent, void, undefined> {
    if (++this.#events > mostEvents)
      throw new RemoteFailure(`The remote agent sent more than ${mostEvents} events.`);
    switch (payload?.$case) {
      case 'task':
        return yield* this.takeTask(payload.value);
      case 'message':
        this.outcome = this.#replied(payload.value);
        return;
      case 'statusUpdate':
        return yield* this.#takeStatusUpdate(payload.value);
      case 'artifactUpdate':
        return yield* this.#takeArtifactUpdate(payload.value);
      default:
        throw new RemoteFailure('The remote agent sent an event that is none of A2A.');
    }
  }

  /** The task as it stands. */
  *takeTask(task: Task): Generator<ExecutorEvent, void, undefined> {
    const { id, contextId, status, artifacts } = task;
    yield* this.#link({ taskId: id, contextId });
    for (const artifact of artifacts.map(artifactOf)) yield* this.#catchUp(artifact, isResting(task));
    if (status) yield* this.#takeStatus(status, true);
  }

  *#takeStatusUpdate(update: StatusUpdate): Generator<ExecutorEvent, void, undefined> {
    const { taskId, contextId, status, metadata } = update;
    yield* this.#link({ taskId, contextId });
    if (status) yield* this.#takeStatus(status, false, metadata);
  }

  *#takeArtifactUpdate(update: ArtifactUpdate): Generator<ExecutorEvent, void, undefined> {
    const { taskId, contextId, append, lastChunk: last, metadata } = update;
    yield* this.#link({ taskId, contextId });
    if (!update.artifact) return;
    const artifact = artifactOf(update.artifact);
    const known = this.#artifacts.get(artifact.artifactId);
    if (known && append) known.parts.push(...artifact.parts);
    else this.#artifacts.set(artifact.artifactId, { ...artifact, parts: [...artifact.parts] });
    this.#working = true;
    const more = metadata && { metadata: metadata };
    yield { kind: 'artifact', at: Date.now(), artifact, append, last, ...more };
  }

  *#link(task: LinkedTask): Generator<ExecutorEvent, void, undefined> {
    if (task.taskId === '' || task.taskId === this.#linked?.taskId) return;
    this.#linked = task;
    yield { kind: 'linked', at: Date.now(), task };
  }

  /** @param isSnapshot the status is shown, and may have been said before */
  *#takeStatus(
    { state, message }: TaskStatus,
    isSnapshot: boolean,
    metadata?: JsonObject,
  ): Generator<ExecutorEvent, void, undefined> {
    const resting = restingStates.get(state);
    if (resting) {
      this.outcome = { state: resting, ...endOf(message) };
      return;
    }
    const isNew = message ? message.messageId !== this.#statusMessageId : !this.#working;
    if (isSnapshot && !isNew) return;
    if (state === TaskState.TASK_STATE_SUBMITTED && !message && !metadata) return;
    this.#working = true;
    this.#statusMessageId = message?.messageId;
    yield {
      kind: 'status',
      at: Date.now(),
      ...(message && { message: saidOf(message) }),
      ...(metadata && { metadata }),
    };
  }

  /** A message in place of a task; where there is a task already it can only be what that ends with. */
  #replied(message: Message): Outcome {
    const said = saidOf(message);
    if (!this.#linked) return { state: 'completed', reply: said };
    return { state: 'completed', ...endOf(message) };
  }

  /** Says what of an artifact was not said yet. */
  *#catchUp(artifact: Artifact, last: boolean): Generator<ExecutorEvent, void, undefined> {
    const known = this.#artifacts.get(artifact.artifactId);
    const missing = known ? missingParts(known.parts, artifact.parts) : undefined;
    if (missing?.length === 0) return;
    this.#artifacts.set(artifact.artifactId, { ...artifact, parts: [...artifact.parts] });
    this.#working = true;
    const at = Date.now();
    if (missing)
      yield { kind: 'artifact', at, artifact: { ...artifact, parts: missing }, append: true, last };
    else yield { kind: 'artifact', at, artifact, append: false, last };
  }
}

function endOf(message: Message | undefined): Pick<Outcome, 'parts' | 'metadata'> {
  if (!message) return {};
  const { parts, metadata } = saidOf(message);
  return { ...(parts.length > 0 && { parts }), ...(metadata && { metadata }) };
}

/**
 * What must be appended to the parts that were said, so that they are those of now; undefined when no appending
 * makes them so. Text that came in pieces may be shown as one part.
 */
export function missingParts(said: readonly Part[], now: readonly Part[]): Part[] | undefined {
  if (isDeepStrictEqual(said, now.slice(0, said.length))) return now.slice(said.length);
  if (!areOneText([...said, ...now])) return undefined;
  const [before, after] = [textOf(said), textOf(now)];
  if (!after.startsWith(before)) return undefined;
  const rest = after.slice(before.length);
  return rest === '' ? [] : [{ ...now[0], text: rest }];
}

/** Whether the parts differ in nothing but their text. */
function areOneText(parts: readonly Part[]): boolean {
  const form = (part: Part | undefined): Part => ({ ...part, text: '' });
  return parts.every((part) => part.text !== undefined && isDeepStrictEqual(form(part), form(parts[0])));
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ text = '' }) => text).join('');
}
