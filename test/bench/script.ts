/**
 * What an agent is asked to do: `burst 20` makes 20 events in one go, most of them text; `paced 20` makes them
 * with each piece of text in a turn of its own; `steps 20` makes 20 events by tool calls that are refused, `queries
 * 20` by such as query a database; `hang 0` begins and never ends. For the model over HTTP the size counts tokens.
 */
export interface Script {
  pace: 'paced' | 'burst' | 'steps' | 'queries' | 'hang';
  size: number;
}

const form = /^(paced|burst|steps|queries|hang) (\d+)$/;

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

/** The pieces of the answer that an agent gives to a script. */
export function piecesOf(script: Script): string[] {
  return Array.from({ length: piecesIn(script) }, (_, index) => piece(index));
}

/** Whether its events are made by tool calls. */
export function hasSteps({ pace }: Script): boolean {
  return pace === 'steps' || pace === 'queries';
}

/** Events of a stream of text beside that: the task, a step's start and end, the final status. */
export const textOverhead = 4;

/** Pieces of text in a stream of `size` events. */
export function piecesIn({ pace, size }: Script): number {
  return hasSteps({ pace, size }) ? 2 : size - textOverhead;
}

/** How many tools the model calls at once. */
export const callsPerRound = 8;

/**
 * Tool calls of the next round of steps, 0 when it is time for the answer. Every model call that calls tools
 * and every tool call makes two events; the task, two texts, the last model call and the final status six more.
 */
export function nextCalls(size: number, spent: number): number {
  const left = (size - 6) / 2 - spent;
  if (!Number.isInteger(left) || left === 1) throw new Error(`${size} events cannot be made of steps.`);
  return left === 0 ? 0 : Math.min(callsPerRound, left - 1);
}
