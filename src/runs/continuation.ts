import { eventId, type RunEvent } from './event.ts';
import type { Artifact, JsonObject, Message, Turn } from './message.ts';
import { userText, type RunRequest } from './record.ts';
import type { RunSnapshot } from './snapshot.ts';

/** A message of a task, with the indexes of its parts that no model is shown. */
export interface Exchanged {
  message: Message;
  hiddenParts?: number[];
}

/** What a snapshot remembers of the messages that continued its task. */
export interface Continuation {
  /** The attempt that the last message began. */
  attempt: number;
  /** When it came, milliseconds since the epoch. */
  at: number;
  /** What the executor left to go on with. */
  paused?: JsonObject;
  request: RunRequest;
  contentHash: string;
  /** What was said after the first message and before that request: questions and answers, oldest first. */
  exchange: Exchanged[];
  /** The artifacts as they were then: what an attempt begins with that is executed again. */
  artifacts?: Artifact[];
}

/** The continuation that a further message makes of a task at rest. */
export function continuationOf(
  { attempt, continued, finished, restedAt, artifacts }: RunSnapshot,
  { at, request, contentHash }: RunEvent & { kind: 'continued' },
): Continuation {
  const exchange = [...(continued?.exchange ?? [])];
  if (continued) exchange.push(exchanged(continued.request));
  if (finished?.parts && restedAt) {
    const { taskId = '', contextId = '' } = request.message;
    const message: Message = {
      messageId: `${taskId}-${eventId(restedAt)}`,
      role: 'ROLE_AGENT',
      parts: finished.parts,
      contextId,
      taskId,
      ...(finished.metadata && { metadata: finished.metadata }),
    };
    exchange.push({ message });
  }
  const paused = finished?.paused && { paused: finished.paused };
  return { attempt, at, ...paused, request, contentHash, exchange, ...(artifacts && { artifacts }) };
}

/** All messages of a task but its status message, oldest first: its history (spec §4.1.1). */
export function exchangeOf(first: RunRequest, { continued }: Pick<RunSnapshot, 'continued'>): Exchanged[] {
  if (!continued) return [exchanged(first)];
  return [exchanged(first), ...continued.exchange, exchanged(continued.request)];
}

/** Messages as a model is told of them; those without text are left out. */
export function turnsOf(exchange: readonly Exchanged[]): Turn[] {
  return exchange
    .map((one): Turn => ({ by: one.message.role === 'ROLE_USER' ? 'USER' : 'AI', text: userText(one) }))
    .filter(({ text }) => text !== '');
}

function exchanged({ message, hiddenParts }: RunRequest): Exchanged {
  return { message, ...(hiddenParts && { hiddenParts }) };
}
