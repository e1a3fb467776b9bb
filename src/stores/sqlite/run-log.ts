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
import { answering } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { PushRows } from './push-rows.ts';
import { RunList } from './run-list.ts';
import { RunQueries } from './run-queries.ts';
import { RunRetention } from './run-retention.ts';
import { acceptedEvent } from './run-rows.ts';
import { RunWrites } from './run-writes.ts';

/** The run log in the embedded store. The process that opened it is its only reader and writer. */
export class SqliteRunLog implements RunLog {
  readonly #database: DatabaseSync;
  readonly #feed: Feed;
  readonly #push: PushRows;
  readonly #commit: GroupCommit;
  readonly #queries: RunQueries;
  readonly #list: RunList;
  readonly #writes: RunWrites;
  readonly #retention: RunRetention;
  readonly #read: ReadStored;
  /** Ids of the runs that an earlier life left behind and nobody has taken up yet. */
  readonly #abandoned: Set<string>;

  /** @param database from openDatabase; `close` closes it. @param push the same as the outbox's */
  constructor(database: DatabaseSync, feed: Feed, push = new PushRows(database)) {
    this.#database = database;
    this.#feed = feed;
    this.#push = push;
    this.#commit = new GroupCommit(database);
    this.#queries = new RunQueries(database);
    this.#list = new RunList(database, this.#queries);
    this.#writes = new RunWrites(database, this.#queries, push);
    this.#retention = new RunRetention(database, (runNumber) => this.#writes.keepSnapshot(runNumber));
    this.#abandoned = new Set(this.#queries.executed());
    this.#read = (runId, position) => answering(() => this.#queries.page(runId, position));
  }

  create(record: RunRecord, options: CreateOptions): Promise<CreateOutcome> {
    return this.#commit.submit({
      apply: () => this.#writes.create(record, options),
      committed: ({ outcome }) => {
        if (outcome === 'created') this.#feed.publish(record.id, [acceptedEvent(record.createdAt)]);
      },
    });
  }

  async append(runId: string, take: () => AppendBatch): Promise<void> {
    let batch: AppendBatch | undefined;
    await this.#commit.submit({
      apply: () => this.#writes.append(runId, (batch = take())),
      committed: (queued) => {
        const events = batch?.events ?? [];
        this.#feed.publish(runId, events);
        this.#push.committed(runId, events.at(-1), queued);
      },
    });
  }

  async load(runId: string): Promise<LoadedRun | undefined> {
    return answering(() => this.#queries.load(runId));
  }

  follow(
    runId: string,
    position: Position,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly StoredEvent[], undefined> {
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
}
