import type { StoredPushConfig } from '../a2a/push/outbox.ts';
import type { Position, RunState, StoredEvent } from './event.ts';
import type { Turn } from './message.ts';
import type { RunRecord } from './record.ts';
import type { RunSnapshot } from './snapshot.ts';

/**
 * The durable run log: the port between runs and their store. Every adapter passes the one contract suite
 * in test/stores/run-log-contract.ts. All methods are asynchronous; all writes are fenced by the attempt;
 * "stored" means that the event survives the process, and nobody is shown an event before that.
 */
export interface RunLog {
  /**
   * Creates the run at attempt 1 with its first event (`accepted`, 1-1), or finds the one that the same
   * request created before (idempotency: same owner, agent, named context, messageId within the window;
   * runs that failed do not count).
   */
  create(record: RunRecord, options: CreateOptions): Promise<CreateOutcome>;

  /**
   * Appends events and, where given, saves the snapshot forward only. Appends of one event-loop turn share
   * a transaction, and `take` is called when that begins, so that what is said until then is in it; it may be
   * called again and then gives the same batch. Resolves when stored; followers are woken after that. The
   * notifications that the run's push configs ask for are written in the same transaction (PushOutbox).
   * @throws FencedError when `attempt` is no longer the run's attempt, or the run is at a terminal state.
   */
  append(runId: string, take: () => AppendBatch): Promise<void>;

  /** Record and snapshot, the snapshot folded up to the newest stored event. Undefined: no such run. */
  load(runId: string): Promise<LoadedRun | undefined>;

  /**
   * Stored events after `position` (from the beginning: {attempt: 0, sequence: 0}), then those that follow,
   * in order, without a gap or repetition, in batches that are never empty. It ends after a batch whose last
   * event brings the run to rest, when the reader stops (`return`), and quietly when `signal` aborts.
   */
  follow(
    runId: string,
    position: Position,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly StoredEvent[], undefined>;

  /** Whether the events after `position` are all still there (they outlive the run by RETENTION_EVENT_HOURS). */
  covers(runId: string, position: Position): Promise<boolean>;

  /** Runs of the A2A door, newest status first. */
  list(query: RunQuery): Promise<RunPage>;

  /** The last `limit` turns of finished runs of a conversation, oldest first; runs with a carried history are left out. */
  history(conversation: Conversation, limit: number): Promise<Turn[]>;

  /**
   * Raises the attempt from `attempt` to the next one and so fences whoever held it; undefined if it was
   * raised by somebody else or the run is terminal.
   */
  takeOver(runId: string, attempt: number): Promise<number | undefined>;

  /** Runs that no living process executes and that are not at rest: those of an earlier life. */
  abandoned(): Promise<LoadedRun[]>;

  /** Deletes what is past its retention; at most a bounded number of rows per call. Returns how many runs it touched. */
  sweep(limits: RetentionLimits): Promise<number>;

  /** Whether the store answers: for /health/ready. */
  ping(): Promise<void>;

  /** Flushes what is pending and closes the store. */
  close(): Promise<void>;
}

export interface CreateOptions {
  /** Idempotency window in milliseconds; 0 turns it off. */
  windowMs: number;
  /** Stored with the run, so that it is told of every event; an existing run does not get it. */
  pushConfig?: StoredPushConfig;
}

export type CreateOutcome =
  | { outcome: 'created' }
  /** The same request came before: attach to that run. */
  | { outcome: 'existing'; record: RunRecord }
  /** The same messageId with other content. */
  | { outcome: 'conflict' };

export interface AppendBatch {
  attempt: number;
  events: readonly StoredEvent[];
  snapshot?: RunSnapshot;
}

export interface LoadedRun {
  record: RunRecord;
  snapshot: RunSnapshot;
}

export interface Conversation {
  owner: string;
  agentId: string;
  contextId: string;
}

export interface RunQuery {
  owner: string;
  agentId: string;
  contextId?: string;
  state?: RunState;
  /** Only runs whose status changed at or after this time, milliseconds since the epoch. */
  since?: number;
  /** Runs per page, 1 to 100. */
  limit: number;
  /** Position of the last run of the page before. */
  after?: { stateAt: number; id: string };
}

export interface RunPage {
  runs: LoadedRun[];
  /** How many runs match without the paging. */
  total: number;
  hasMore: boolean;
}

export interface RetentionLimits {
  /** Runs that are finished, or wait for their caller, and whose status is older than this go, milliseconds since the epoch. */
  runsBefore: number;
  /** Event logs of runs at a terminal state whose status is older than this go. */
  eventsBefore: number;
}

/** The writer lost the run to a later attempt: it must stop without another word. */
export class FencedError extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is no longer this executor's to write.`);
    this.name = 'FencedError';
  }
}

/** The store does not answer now; the same call may work later. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}
