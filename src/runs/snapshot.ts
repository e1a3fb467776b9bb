import {
  isAfter,
  type FinishedEvent,
  type Position,
  type RunState,
  type Step,
  type StoredEvent,
  type Usage,
} from './event.ts';
import type { JsonObject } from './message.ts';

/** The state of a run after an event: a fold of its log, so it can always be made again from the log. */
export interface RunSnapshot extends Position {
  state: RunState;
  /** When the state was entered or last confirmed, milliseconds since the epoch. */
  stateAt: number;
  /** The answer's text so far. */
  text: string;
  structured?: JsonObject;
  /** Steps that began and have not ended; absent when there are none. */
  openSteps?: Step[];
  /** The event that brought the run to rest; absent while it works. */
  finished?: FinishedEvent;
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
      enter(snapshot, 'submitted', event.at);
      return;
    case 'restarted':
      enter(snapshot, 'working', event.at);
      snapshot.text = '';
      delete snapshot.structured;
      delete snapshot.finished;
      return;
    case 'step':
      if (snapshot.state !== 'working') enter(snapshot, 'working', event.at);
      trackStep(snapshot, event.step);
      return;
    case 'text':
      if (snapshot.state !== 'working') enter(snapshot, 'working', event.at);
      snapshot.text = event.first ? event.text : snapshot.text + event.text;
      return;
    case 'structured':
      snapshot.structured = event.data;
      return;
    case 'finished':
      enter(snapshot, event.state, event.at);
      snapshot.finished = event;
      if (event.usage) snapshot.usage = event.usage;
  }
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
