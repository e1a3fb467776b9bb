import type { RunEvent, RunState } from './event.ts';

/**
 * Whether somebody who is not connected is told of an event: of every change of the run's state, whatever kind
 * of event brought it, and of artifacts once they are whole. Never of steps and pieces of text as such.
 * @param before the run's state before the event, `after` the one that its fold gave
 * @param artifacts whether this listener is told of artifacts too
 */
export function isNotable(
  event: RunEvent,
  { before, after, artifacts }: { before: RunState; after: RunState; artifacts: boolean },
): boolean {
  return before !== after || (artifacts && completesArtifact(event));
}

/** Whether an artifact is whole with this event. */
export function completesArtifact(event: RunEvent): boolean {
  switch (event.kind) {
    case 'text':
      return event.last;
    case 'structured':
      return true;
    case 'artifact':
      return event.last;
    default:
      return false;
  }
}
