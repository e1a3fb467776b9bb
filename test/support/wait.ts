import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, as it completes "Waited 5000 ms for …". */
  what: string;
  /** Milliseconds; 5,000 where nothing is said. */
  timeoutMs?: number;
}

/** So many turns of the event loop are waited for one by one, before it looks less often. */
const eagerTurns = 50;
const pauseMs = 5;

/**
 * Waits until the condition holds and answers what it gave. Only for what has no event to wait for.
 * @throws Error that names `what` when it does not hold in time; whatever the condition throws, at once.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 5_000 }: WaitOptions,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  for (let turn = 0; ; turn += 1) {
    const value = await condition();
    if (holds(value)) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await (turn < eagerTurns ? nextTurn() : pause(pauseMs));
  }
}

function holds<T>(value: T): value is Exclude<T, undefined | null | false | 0 | ''> {
  return Boolean(value);
}
