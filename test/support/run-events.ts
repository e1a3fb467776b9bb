import { expect } from '@jest/globals';
import { isAfter, parseEventId, type Step } from '../../src/runs/event.ts';
import { collect, readSse, type SseFrame } from './sse-reader.ts';

/** A part of either protocol version. */
export interface WirePart {
  text?: string;
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

interface WireArtifact {
  artifactId: string;
  parts: WirePart[];
}

/** A task of either protocol version, its state in v0.3's spelling. */
export interface SeenTask {
  id: string;
  contextId: string;
  state: string;
  parts: WirePart[];
  artifacts: WireArtifact[];
}

/** One event of a stream of either protocol version. */
export interface SeenEvent extends SeenTask {
  /** The frame's id. */
  eventId: string;
  kind: 'task' | 'status' | 'artifact';
  /** Of v0.3: whether it says that the stream ends. */
  final?: boolean;
  append: boolean;
  lastChunk: boolean;
}

interface WireStatus {
  state: string;
  message?: { parts: WirePart[] };
}

interface WireResult {
  kind?: string;
  id?: string;
  taskId?: string;
  contextId?: string;
  status?: WireStatus;
  artifact?: WireArtifact;
  artifacts?: WireArtifact[];
  final?: boolean;
  append?: boolean;
  lastChunk?: boolean;
  task?: WireResult;
  statusUpdate?: WireResult;
  artifactUpdate?: WireResult;
}

const terminalStates = ['completed', 'failed', 'canceled', 'rejected'];

/** Reads a whole stream of events. */
export async function readEvents(response: Response): Promise<SeenEvent[]> {
  return (await collect(readSse(response))).map(seenEvent);
}

export function seenEvent(frame: SseFrame): SeenEvent {
  const { result } = JSON.parse(frame.data) as { result: WireResult };
  const body = result.task ?? result.statusUpdate ?? result.artifactUpdate ?? result;
  const isArtifact = Boolean(result.artifactUpdate ?? body.artifact);
  const isTask = Boolean(result.task ?? body.kind === 'task');
  return {
    ...seenTask(body),
    eventId: frame.id ?? '',
    kind: isTask ? 'task' : isArtifact ? 'artifact' : 'status',
    ...(body.artifact && { artifacts: [body.artifact] }),
    ...(body.final !== undefined && { final: body.final }),
    append: body.append ?? false,
    lastChunk: body.lastChunk ?? false,
  };
}

/** The task in the result of a send, a get or a cancel. */
export function seenTask(result: unknown): SeenTask {
  const wire = (result ?? {}) as WireResult;
  const body = wire.task ?? wire;
  return {
    id: body.id ?? body.taskId ?? '',
    contextId: body.contextId ?? '',
    state: (body.status?.state ?? '').replace('TASK_STATE_', '').toLowerCase().replace('_', '-'),
    parts: body.status?.message?.parts ?? [],
    artifacts: body.artifacts ?? [],
  };
}

/** The steps that the stream told of, starts and ends. */
export function stepsOf(events: readonly SeenEvent[]): Step[] {
  return events.flatMap(({ kind, parts }) =>
    kind === 'status' && parts[0]?.metadata?.['type'] === 'DW_STATUS_UPDATE'
      ? [parts[0].data as unknown as Step]
      : [],
  );
}

/** The text that artifact updates bring, `append: false` starting it anew. */
export function streamedText(events: readonly SeenEvent[]): string {
  let text = '';
  for (const { artifacts, append, kind } of events) {
    if (kind !== 'artifact' || artifacts[0]?.artifactId !== 'answer') continue;
    text = append ? text + textOf(artifacts[0].parts) : textOf(artifacts[0].parts);
  }
  return text;
}

export function textOf(parts: readonly WirePart[] = []): string {
  return parts.map((part) => part.text ?? '').join('');
}

/** The text of the answer's artifact. */
export function artifactText(task: SeenTask): string {
  return textOf(task.artifacts.find(({ artifactId }) => artifactId === 'answer')?.parts);
}

/**
 * What must hold of every whole stream: the task first, event ids that only go forward, one terminal event and
 * that the last, and every step with one start and one end after it.
 */
export function expectWhole(events: readonly SeenEvent[]): void {
  expect(events[0]?.kind).toBe('task');
  expect(events.filter(({ kind }) => kind === 'task')).toHaveLength(1);
  const positions = events.map(({ eventId }) => parseEventId(eventId) ?? { attempt: 0, sequence: 0 });
  const forward = positions.every((position, index) =>
    isAfter(position, positions[index - 1] ?? { attempt: 0, sequence: 0 }),
  );
  expect(forward).toBe(true);
  const ends = events.flatMap(({ state, kind }, index) =>
    kind === 'status' && terminalStates.includes(state) ? [index] : [],
  );
  expect(ends).toEqual([events.length - 1]);
  const statuses = Map.groupBy(stepsOf(events), (step) => step.id);
  for (const [id, steps] of statuses) {
    const [start, end, ...more] = steps.map(({ status }) => status);
    expect({ id, start, ends: end === 'completed' || end === 'failed', more }).toEqual({
      id,
      start: 'in_progress',
      ends: true,
      more: [],
    });
  }
}
