import type { DatabaseSync } from 'node:sqlite';
import type { Position, StoredEvent } from '../../runs/event.ts';
import type { Feed } from '../../runs/feed.ts';
import type { ReadStored } from '../../runs/follower.ts';
import type {
  AppendBatch,
  Conversation,
  CreateOptions,
  CreateOutcome,
  LoadedRun,
  RetentionLimits,
  RunLog,
  RunPage,
  RunQuery,
} from '../../runs/log.ts';
import type { Turn } from '../../runs/message.ts';
import type { RunRecord } from '../../runs/record.ts';
import type { RunSnapshot } from '../../runs/snapshot.ts';
import { answering } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { RunList } from './run-list.ts';
import { RunQueries } from './run-queries.ts';
import { RunRetention } from './run-retention.ts';
import { acceptedEvent } from './run-rows.ts';
import { RunWrites } from './run-writes.ts';

/** The appends of one run in one turn of the event loop: they become one row. */
interface OpenAppend {
  attempt: number;
  events: readonly StoredEvent[];
  snapshot?: RunSnapshot;
  stored: Promise<void>;
}

/** The run log in the embedded store. The process that opened it is its only reader and writer. */
export class SqliteRunLog implements RunLog {
  readonly #database: DatabaseSync;
  readonly #feed: Feed;
  readonly #commit: GroupCommit;
  readonly #queries: RunQueries;
  readonly #list: RunList;
  readonly #writes: RunWrites;
  readonly #retention: RunRetention;
  readonly #read: ReadStored;
  /** Ids of the runs that an earlier life left behind and nobody has taken up yet. */
  readonly #abandoned: Set<string>;
  readonly #appends = new Map<string, OpenAppend>();
  /** The turn that the appends belong to. */
  #turn = 0;

  /** @param database from openDatabase; `close` closes it. */
  constructor(database: DatabaseSync, feed: Feed) {
    this.#database = database;
    this.#feed = feed;
    this.#commit = new GroupCommit(database);
    this.#queries = new RunQueries(database);
    this.#list = new RunList(database, this.#queries);
    this.#writes = new RunWrites(database, this.#queries);
    this.#retention = new RunRetention(database);
    this.#abandoned = new Set(this.#queries.executed());
    this.#read = (runId, position) => answering(() => this.#queries.page(runId, position));
  }

  create(record: RunRecord, options: CreateOptions): Promise<CreateOutcome> {
    return this.#commit.submit({
      apply: () => this.#writes.create(record, options.windowMs),
      committed: ({ outcome }) => {
        if (outcome === 'created') this.#feed.publish(record.id, [acceptedEvent(record.createdAt)]);
      },
    });
  }

  append(runId: string, batch: AppendBatch): Promise<void> {
    const open = this.#openAppend(runId);
    if (open && continues(open, batch)) {
      open.events = [...open.events, ...batch.events];
      if (batch.snapshot) open.snapshot = batch.snapshot;
      return open.stored;
    }
    const append: OpenAppend = { ...batch, stored: Promise.resolve() };
    this.#appends.set(runId, append);
    append.stored = this.#commit.submit({
      apply: () => this.#writes.append(runId, append),
      committed: () => this.#feed.publish(runId, append.events),
    });
    return append.stored;
  }

  async load(runId: string): Promise<LoadedRun | undefined> {
    return answering(() => this.#queries.load(runId));
  }

  follow(
    runId: string,
    position: Position,
    signal: AbortSignal,
  ): AsyncIterableIterator<readonly StoredEvent[]> {
    return this.#feed.follow({ runId, position, signal, read: this.#read });
  }

  async covers(runId: string, position: Position): Promise<boolean> {
    return answering(() => this.#queries.covers(runId, position));
  }

  async list(query: RunQuery): Promise<RunPage> {
    return answering(() => this.#list.page(query));
  }

  async history(conversation: Conversation, limit: number): Promise<Turn[]> {
    return answering(() => this.#queries.turns(conversation, limit));
  }

  takeOver(runId: string, attempt: number): Promise<number | undefined> {
    return this.#commit.submit({
      apply: () => this.#writes.takeOver(runId, attempt),
      committed: (raised) => {
        if (raised !== undefined) this.#abandoned.delete(runId);
      },
    });
  }

  async abandoned(): Promise<LoadedRun[]> {
    const runs = answering(() => [...this.#abandoned].map((runId) => this.#queries.load(runId)));
    return runs.filter((run) => run !== undefined);
  }

  sweep(limits: RetentionLimits): Promise<number> {
    return this.#commit.submit({ apply: () => this.#retention.sweep(limits) });
  }

  async ping(): Promise<void> {
    answering(() => this.#queries.ping());
  }

  async close(): Promise<void> {
    this.#commit.close();
    if (this.#database.isOpen) this.#database.close();
  }

  /** The run's append that the coming transaction will store. */
  #openAppend(runId: string): OpenAppend | undefined {
    if (this.#turn !== this.#commit.turn) {
      this.#appends.clear();
      this.#turn = this.#commit.turn;
    }
    return this.#appends.get(runId);
  }
}

/** Nothing follows a run's end: that append must fail, and not the one before it. */
function continues(open: OpenAppend, batch: AppendBatch): boolean {
  return open.attempt === batch.attempt && open.events.at(-1)?.event.kind !== 'finished';
}
