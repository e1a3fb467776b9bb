import type { JsonObject, Message, Part, Turn } from './message.ts';

/** Execution options that every door takes as `properties`. */
export interface Properties {
  includeProbe: boolean;
  includeSteps: boolean;
  temperature?: number;
  maxSteps?: number;
  answerIn?: 'both' | 'status' | 'artifact';
  /** Names that nobody knows: ignored, and listed in the probe. */
  unknown: string[];
}

/** Everything that a replica needs to execute the run again: execution is stateless. */
export interface RunRequest {
  /** The caller's message with secret values cut out. */
  message: Message;
  /** Indexes of the message's parts that carry values or a conversation: no model is shown them. */
  hiddenParts?: number[];
  /** Set when the caller carries the conversation itself: stored history is neither read nor extended. */
  history?: Turn[];
  /** Validated, defaults filled in, secrets left out. */
  contextValues: JsonObject;
  /** The secret context values, sealed with SECRETS_KEY. */
  sealedSecrets?: string;
  llmId?: string;
  /** Media types that the caller takes (spec §3.2.2); absent: all. */
  acceptedOutputModes?: string[];
  properties: Properties;
}

/** `agent`: another agent delegates to it. */
export type DoorName = 'a2a' | 'answer' | 'agent';

/** Whether whoever called can answer a run that comes to rest before its end. */
export function mayWait(door: DoorName): boolean {
  return door === 'a2a';
}

/** One row per run (an A2A task), written once. */
export interface RunRecord {
  id: string;
  contextId: string;
  agentId: string;
  agentRevision: string;
  /** The user id of the principal that started it. */
  owner: string;
  door: DoorName;
  request: RunRequest;
  /** SHA-256 over what makes two requests the same (idempotency), hex. */
  contentHash: string;
  /** Whether the context was named by the caller: only then is it part of the idempotency key. */
  contextNamed: boolean;
  /** Whether the agent may answer with a message in place of a task: readers wait for its first word then. */
  mayReply?: boolean;
  /** How many agents stand above it, one delegating to the next; absent: none. */
  depth?: number;
  /** The agents of this gateway that stand above it, the first one first; absent: none. */
  callers?: string[];
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** The message's parts that the model may be shown. */
export function visibleParts({ message, hiddenParts }: Pick<RunRequest, 'message' | 'hiddenParts'>): Part[] {
  if (!hiddenParts) return message.parts;
  // A set: a body may hold hundreds of thousands of parts.
  const hidden = new Set(hiddenParts);
  return message.parts.filter((_part, index) => !hidden.has(index));
}

/** What the user said, as text: how a later run of the conversation remembers this one. */
export function userText(request: Pick<RunRequest, 'message' | 'hiddenParts'>): string {
  return visibleParts(request)
    .flatMap((part) => part.text ?? [])
    .join('\n');
}
