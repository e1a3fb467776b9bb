import type { ModelMessage } from '../../llm/model.ts';
import type { Usage } from '../../runs/event.ts';
import type { Outcome } from '../../runs/executor.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { Conversation } from './conversation.ts';
import { RunFailure } from './run-failure.ts';
import type { LoopState } from './state.ts';
import type { FinishedRound } from './tool-calls.ts';
import { waitingParts, type WaitingCall } from './waiting.ts';

/** All that the loop needs to go on after the user's answer, on whichever replica: JSON, without secrets. */
export interface PausedLoop {
  /** Up to the assistant's message with the calls of the round. */
  messages: StoredMessage[];
  spokenId: string;
  scenario?: string;
  iteration: number;
  /** Those of the round that needed no answer, at the places of their calls. */
  results: (ModelMessage | null)[];
  waiting: WaitingCall[];
  /** Of the agent that proposed them. Absent in tasks of earlier releases. */
  revision?: string;
  usage: Usage;
  toolCalls: number;
  said: string;
}

/** The user's own message with its images is in the task: it is not stored a second time. */
type StoredMessage = ModelMessage | { role: 'spoken' };

const mostCharacters = 1_000_000;

/** The run comes to rest and waits for the user. @throws RunFailure when there is too much to be kept */
export function pause(state: LoopState, conversation: Conversation, round: FinishedRound): Outcome {
  const { messages, scenario, iteration, spokenId } = conversation;
  const paused: PausedLoop = {
    messages: messages.map((message) => stored(state, message)),
    spokenId,
    ...(scenario && { scenario: scenario.name }),
    iteration,
    results: Array.from(round.results, (result) => result ?? null),
    waiting: round.waiting,
    revision: state.revision,
    usage: state.usage,
    // They count when they are executed.
    toolCalls: state.toolCalls - round.waiting.length,
    said: state.said,
  };
  const text = JSON.stringify(paused);
  if (text.length > mostCharacters) throw tooLarge();
  return {
    state: 'input-required',
    parts: waitingParts(round.waiting),
    paused: JSON.parse(text) as JsonObject,
    usage: state.usage,
  };
}

/** What a model was told holds no secret, unless the user has said it. */
function stored({ mask }: LoopState, message: ModelMessage): StoredMessage {
  if (message.role === 'assistant') {
    const { content, toolCalls } = message;
    const masked = toolCalls?.map((call) => ({ ...call, arguments: mask.text(call.arguments) }));
    return { role: 'assistant', content: mask.text(content), ...(masked && { toolCalls: masked }) };
  }
  if (typeof message.content !== 'string') return { role: 'spoken' };
  return { ...message, content: mask.text(message.content) };
}

/** What `pause` wrote. */
export function readPaused(paused: JsonObject): PausedLoop {
  return paused as unknown as PausedLoop;
}

function tooLarge(): RunFailure {
  return new RunFailure(
    'payload_too_large',
    `The conversation of this task is larger than ${mostCharacters} characters, so it cannot wait for an answer. Begin a new one.`,
  );
}
