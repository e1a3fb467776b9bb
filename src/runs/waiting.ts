import { Problem } from '../http/problem.ts';
import { isResting, isTerminal } from './event.ts';
import type { RunSnapshot } from './snapshot.ts';

/** More messages to one task are refused: it is a conversation then, which tasks of one context are for. */
const mostContinuations = 100;

/** @throws Problem unsupported_operation for a run that does not wait for a message, or had too many. */
export function refuseUnlessWaiting({ state, continued }: RunSnapshot): void {
  if (isTerminal(state) || !isResting(state)) throw notWaiting(state);
  if ((continued?.exchange.length ?? 0) > 2 * mostContinuations)
    throw notWaiting(`waiting, but had ${mostContinuations} messages`);
}

/** Whether a run that waited `before` waits still, for the same message. */
export function waitsStill({ state, restedAt }: RunSnapshot, before: RunSnapshot): boolean {
  return isResting(state) && !isTerminal(state) && restedAt?.attempt === before.restedAt?.attempt;
}

/** The refusal of a message to a task; `how` says in what state that is. */
export function notWaiting(how: string): Problem {
  return new Problem(
    'unsupported_operation',
    `The task is ${how} and takes no further message. Send it without taskId, in the same contextId.`,
  );
}

/** The refusal of a message that has the id of another one. */
export function usedMessageId(): Problem {
  return new Problem(
    'invalid_request',
    'This messageId was used with other content. Make a new one per message.',
    { details: { fields: { 'message.messageId': 'was used with other content' } } },
  );
}
