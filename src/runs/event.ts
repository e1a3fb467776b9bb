import type { Artifact, Json, JsonObject, Part } from './message.ts';
import type { RunRequest } from './record.ts';

/** Task states of A2A (spec §4.1.3) in their v0.3 spelling, which is the shorter one. */
export type RunState =
  | 'submitted'
  | 'working'
  | 'completed'
  | 'failed'
  | 'canceled'
  | 'rejected'
  | 'input-required'
  | 'auth-required';

export type TerminalState = 'completed' | 'failed' | 'canceled' | 'rejected';

/** States at which a stream closes: the terminal ones, and those in which the task waits for its caller. */
export type RestingState = TerminalState | 'input-required' | 'auth-required';

const terminalStates: ReadonlySet<RunState> = new Set(['completed', 'failed', 'canceled', 'rejected']);

export function isTerminal(state: RunState): state is TerminalState {
  return terminalStates.has(state);
}

export function isResting(state: RunState): state is RestingState {
  return terminalStates.has(state) || state === 'input-required' || state === 'auth-required';
}

export type StepType = 'scenario_selection' | 'planning' | 'tool_execution' | 'model_call' | 'answer';

/** What a caller sees of a step; it is the `data` of a `DW_STATUS_UPDATE` part. A step has one start and one end. */
export interface Step {
  id: string;
  type: StepType;
  name: string;
  status: 'in_progress' | 'completed' | 'failed';
  /** The step that it happens in: that of a tool which tells what it does. */
  parentId?: string;
  /** Which round of the loop, from 1. */
  iteration: number;
  tool?: string;
  summary?: string;
  /** ISO-8601 UTC. */
  startedAt: string;
  /** Milliseconds; on the end only. */
  durationMs?: number;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** US dollars, of model calls and of tool calls; absent where neither provider nor tool declares a price. */
  costUsd?: number;
}

/** What only the probe shows of a step. Secrets are cut out before it is stored. */
export interface StepDetail {
  arguments?: Json;
  result?: Json;
  error?: string;
  /** What a tool tells beside its result: the SQL, the tables, the pages that it used. */
  detail?: Json;
  /** Who decided on a call that waited for its user. */
  approval?: ApprovalDetail;
  /** What the call cost by its tool's price, US dollars. */
  costUsd?: number;
  llmId?: string;
  model?: string;
  usage?: Usage;
  /** Shown only to callers who may read the agent's configuration. */
  prompt?: string;
}

export interface ApprovalDetail {
  proposalId: string;
  decision: 'approve' | 'deny' | 'edit' | 'answer';
  /** User id. */
  by: string;
  /** ISO-8601 UTC. */
  at: string;
}

/** Why a run failed: a code of the REST errors and a sentence that says what to do next. */
export interface Failure {
  code: string;
  message: string;
}

/** Everything that happens in a run. `at` is milliseconds since the epoch. Each one is at most one frame of a stream. */
export type RunEvent =
  /** First event of the log: the task exists. */
  | { kind: 'accepted'; at: number }
  /** First event of a later attempt: the earlier one was lost, the text starts anew. */
  | { kind: 'restarted'; at: number }
  | { kind: 'step'; at: number; step: Step; detail?: StepDetail }
  /** A piece of the answer. `first` starts the text (A2A `append: false`), `last` ends it (`lastChunk`). */
  | { kind: 'text'; at: number; text: string; first: boolean; last: boolean }
  /** The structured response, whole. */
  | { kind: 'structured'; at: number; data: JsonObject }
  /** What an agent of another kind says on its way: the task works on, with a message or without one. */
  | { kind: 'status'; at: number; message?: SaidMessage; metadata?: JsonObject }
  /** An output of an agent of another kind, whole or a piece of it. `append` adds its parts to the artifact's. */
  | {
      kind: 'artifact';
      at: number;
      artifact: Artifact;
      append: boolean;
      last: boolean;
      metadata?: JsonObject;
    }
  /** Another server's task does this run's work: no reader is shown it. */
  | { kind: 'linked'; at: number; task: LinkedTask }
  /** First event of the attempt that a further message to a waiting task began. */
  | { kind: 'continued'; at: number; request: RunRequest; contentHash: string }
  /** Ends the stream; the only event whose state is a resting one, and the last of its attempt. */
  | FinishedEvent;

/** A message of the agent's as far as the agent says it: ids and role are the gateway's. */
export interface SaidMessage {
  parts: Part[];
  metadata?: JsonObject;
  extensions?: string[];
}

/** Ids that another server knows a run's task by. */
export interface LinkedTask {
  taskId: string;
  contextId: string;
}

export interface FinishedEvent {
  kind: 'finished';
  at: number;
  state: RestingState;
  /** What the status message says beside the answer: a question, an instruction. */
  parts?: Part[];
  /** Metadata of that message. */
  metadata?: JsonObject;
  /** The agent answered with a message and no task (spec §3.1.1): these parts are all that there is. */
  reply?: SaidMessage;
  failure?: Failure;
  usage?: Usage;
  /** What the executor needs to go on from here when the task is continued: no reader is shown it. */
  paused?: JsonObject;
}

/** Where in the log: fencing number of the attempt (from 1) and sequence within it (from 1). */
export interface Position {
  attempt: number;
  sequence: number;
}

export interface StoredEvent extends Position {
  event: RunEvent;
  /** Encodings made of it so far, by dialect: live readers share the object, so each is made once. Never stored. */
  encodings?: Record<string, string>;
}

/** `<attempt>-<sequence>`: the SSE id of every stream. */
export function eventId(position: Position): string {
  return `${position.attempt}-${position.sequence}`;
}

/** Reads an event id back; undefined for anything else. */
export function parseEventId(text: string): Position | undefined {
  const match = /^(\d{1,9})-(\d{1,9})$/.exec(text);
  return match ? { attempt: Number(match[1]), sequence: Number(match[2]) } : undefined;
}

export function isAfter(one: Position, other: Position): boolean {
  return one.attempt > other.attempt || (one.attempt === other.attempt && one.sequence > other.sequence);
}

let formattedAt = Number.NaN;
let formatted = '';

/** Milliseconds since the epoch as ISO-8601 UTC; the many events of one millisecond share the text. */
export function isoTime(at: number): string {
  if (at !== formattedAt) {
    formatted = new Date(at).toISOString();
    formattedAt = at;
  }
  return formatted;
}
