import { Problem } from '../http/problem.ts';
import { isResting, isTerminal } from './event.ts';
import type { RunSnapshot } from './snapshot.ts';

/** More messages to one task are refused: it is a conversation then, which tasks of one context are for. */
const mostContinuations = 100;

/** A messageId that came before, with other content. */
export function usedMessageId(): Problem {
  return new Problem(
    'invalid_request',
    'This messageId was used with other content. Make a new one per message.',
    { details: { fields: { 'message.messageId': 'was used with other content' } } },
  );
}

/** @throws Problem unsupported_operation for a task that takes no further message. */
export function refuseUnlessWaiting({ state, continued }: RunSnapshot): void {
  if (isTerminal(state) || !isResting(state)) throw notWaiting(state);
  if ((continued?.exchange.length ?? 0) > 2 * mostContinuations)
    throw notWaiting(`waiting, but had ${mostContinuations} messages`);
}

export function notWaiting(how: string): Problem {
  return new Problem(
    'unsupported_operation',
    `The task is ${how} and takes no further message. Send it without taskId, in the same contextId.`,
  );
}
