import type { Failure, LinkedTask, RestingState, RunEvent, SaidMessage, Usage } from './event.ts';
import type { JsonObject, Part, Turn } from './message.ts';
import type { RunRecord, RunRequest } from './record.ts';
import type { Exchanged } from './continuation.ts';

/** One attempt at a run, as the agent sees it. */
export interface Execution {
  record: RunRecord;
  attempt: number;
  /** The attempt that began this request; a later one executes it again, after the loss of the earlier ones. */
  firstAttempt: number;
  /** What is executed: the run's first request, or that of the message which continued the task. */
  request: RunRequest;
  /** What the attempt before left to go on with, and when the request came; absent: it begins anew. */
  resumed?: { paused: JsonObject; at: number };
  /** What was said in this task before that request, oldest first. */
  exchange: readonly Exchanged[];
  /** Another server's task that an earlier attempt began for this run. */
  linked?: LinkedTask;
  /** What was said before in this conversation, oldest first. */
  history: Turn[];
  /** Context values whole, the secret ones included. */
  contextValues: JsonObject;
  /** Aborts on cancel, on the deadline and at shutdown. */
  signal: AbortSignal;
}

/** What an executor may say itself; the engine writes the first and the last event of an attempt. */
export type ExecutorEvent = Exclude<RunEvent, { kind: 'accepted' | 'restarted' | 'continued' | 'finished' }>;

/** How an attempt ended. The engine makes the one terminal event of it. */
export interface Outcome {
  state: RestingState;
  parts?: Part[];
  metadata?: JsonObject;
  reply?: SaidMessage;
  failure?: Failure;
  usage?: Usage;
  /** What an attempt that continues the task is given; JSON, without secrets. Only of one that waits. */
  paused?: JsonObject;
}

/**
 * The port of every kind of agent (declared, remote, module): yields what happens, returns how it ended.
 * An abort of the signal makes it stop soon; what it then returns is ignored.
 */
export type Executor = (execution: Execution) => AsyncGenerator<ExecutorEvent, Outcome, undefined>;
