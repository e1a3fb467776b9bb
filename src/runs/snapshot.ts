import { continuationOf, type Continuation } from './continuation.ts';
import {
  isAfter,
  type FinishedEvent,
  type LinkedTask,
  type Position,
  type RunEvent,
  type RunState,
  type Step,
  type StoredEvent,
  type Usage,
} from './event.ts';
import type { Artifact, JsonObject } from './message.ts';

/** The state of a run after an event: a fold of its log, so it can always be made again from the log. */
export interface RunSnapshot extends Position {
  state: RunState;
  /** When the state was entered or last confirmed, milliseconds since the epoch. */
  stateAt: number;
  /** The answer's text so far. */
  text: string;
  structured?: JsonObject;
  /** Outputs of agents that make artifacts themselves, in the order in which they began. */
  artifacts?: Artifact[];
  /** Steps that began and have not ended; absent when there are none. */
  openSteps?: Step[];
  /** The event that brought the run to rest; absent while it works. */
  finished?: FinishedEvent;
  /** Where in the log that event is. */
  restedAt?: Position;
  /** Set once a further message continued the task. */
  continued?: Continuation;
  linked?: LinkedTask;
  usage?: Usage;
}

export function emptySnapshot(at: number): RunSnapshot {
  return { attempt: 0, sequence: 0, state: 'submitted', stateAt: at, text: '' };
}

/** Folds one event into the snapshot, in place; an event that it already holds changes nothing. */
export function fold(snapshot: RunSnapshot, stored: StoredEvent): void {
  if (!isAfter(stored, snapshot)) return;
  snapshot.attempt = stored.attempt;
  snapshot.sequence = stored.sequence;
  const { event } = stored;
  switch (event.kind) {
    case 'accepted':
      return enter(snapshot, 'submitted', event.at);
    case 'restarted':
      return restart(snapshot, event.at);
    case 'continued':
      return resume(snapshot, event);
    case 'linked':
      snapshot.linked = event.task;
      return;
    case 'finished':
      enter(snapshot, event.state, event.at);
      snapshot.finished = event;
      snapshot.restedAt = { attempt: stored.attempt, sequence: stored.sequence };
      if (event.usage) snapshot.usage = event.usage;
      return;
    case 'structured':
      snapshot.structured = event.data;
      return;
    default:
      foldWork(snapshot, event);
  }
}

/** What an agent says while it works. */
function foldWork(
  snapshot: RunSnapshot,
  event: RunEvent & { kind: 'status' | 'step' | 'artifact' | 'text' },
): void {
  if (snapshot.state !== 'working' || event.kind === 'status') enter(snapshot, 'working', event.at);
  if (event.kind === 'step') trackStep(snapshot, event.step);
  else if (event.kind === 'artifact') addArtifact(snapshot, event);
  else if (event.kind === 'text') snapshot.text = event.first ? event.text : snapshot.text + event.text;
}

/** A further message continues the task. */
function resume(snapshot: RunSnapshot, event: RunEvent & { kind: 'continued' }): void {
  snapshot.continued = continuationOf(snapshot, event);
  delete snapshot.finished;
  delete snapshot.restedAt;
  enter(snapshot, 'working', event.at);
}

function restart(snapshot: RunSnapshot, at: number): void {
  enter(snapshot, 'working', at);
  snapshot.text = '';
  delete snapshot.structured;
  delete snapshot.finished;
  delete snapshot.restedAt;
  delete snapshot.artifacts;
  if (snapshot.continued?.artifacts) snapshot.artifacts = snapshot.continued.artifacts;
}

/** Never in place, as copies of the snapshot share lists: but only the list of the artifact itself is copied. */
function addArtifact(snapshot: RunSnapshot, event: RunEvent & { kind: 'artifact' }): void {
  const artifacts = [...(snapshot.artifacts ?? [])];
  const index = artifacts.findIndex(({ artifactId }) => artifactId === event.artifact.artifactId);
  const known = artifacts[index];
  if (!known) artifacts.push(event.artifact);
  else if (!event.append) artifacts[index] = event.artifact;
  else artifacts[index] = { ...known, parts: [...known.parts, ...event.artifact.parts] };
  snapshot.artifacts = artifacts;
}

/** Never in place: copies of the snapshot share the list. */
function trackStep(snapshot: RunSnapshot, step: Step): void {
  const others = (snapshot.openSteps ?? []).filter(({ id }) => id !== step.id);
  const open = step.status === 'in_progress' ? [...others, step] : others;
  if (open.length > 0) snapshot.openSteps = open;
  else delete snapshot.openSteps;
}

function enter(snapshot: RunSnapshot, state: RunState, at: number): void {
  snapshot.state = state;
  snapshot.stateAt = at;
}
