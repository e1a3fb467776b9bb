/**
 * What an agent is asked to do: `paced 20` makes 20 events, each text piece in a turn of its own; `burst 20`
 * makes 20 events in one go; `hang 0` begins and never ends. For the model over HTTP the size counts tokens.
 */
export interface Script {
  pace: 'paced' | 'burst' | 'hang';
  size: number;
}

const form = /^(paced|burst|hang) (\d+)$/;

export function parseScript(text: string): Script {
  const [, pace, size] = form.exec(text.trim()) ?? [];
  if (pace === undefined) throw new Error(`The script is not one: ${JSON.stringify(text.slice(0, 40))}`);
  return { pace: pace as Script['pace'], size: Number(size) };
}

export function scriptText({ pace, size }: Script): string {
  return `${pace} ${size}`;
}

/** A piece of the answer; the tilde marks it, and stands nowhere else in a stream. */
export function piece(index: number): string {
  return `~${index} a few words `;
}

/** Events of a paced stream beside its text: the task, a step's start and end, the final status. */
export const pacedOverhead = 4;

/** Pieces of text in a stream of `size` events. */
export function piecesIn({ pace, size }: Script): number {
  return pace === 'paced' ? size - pacedOverhead : 2;
}

/** How many tools the model calls at once in a burst. */
export const callsPerRound = 8;

/**
 * Tool calls of the next round of a burst, 0 when it is time for the answer. Every model call that calls tools
 * and every tool call makes two events; the task, two texts, the last model call and the final status six more.
 */
export function nextCalls(size: number, spent: number): number {
  const left = (size - 6) / 2 - spent;
  if (!Number.isInteger(left) || left === 1) throw new Error(`A burst of ${size} events cannot be made.`);
  return left === 0 ? 0 : Math.min(callsPerRound, left - 1);
}
