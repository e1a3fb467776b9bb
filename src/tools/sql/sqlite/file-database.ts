import type { FileSource } from '../../data-source.ts';
import type {
  DescribedTable,
  GuardedDatabase,
  GuardedQuery,
  QueryResult,
  SchemaRequest,
} from '../guarded-database.ts';
import type { ChildPool } from './child-pool.ts';
import { LoadedFile } from './loaded-file.ts';

/** To look at tables and columns; a statement has its own limit. */
const schemaTimeoutMs = 10_000;

/** A SQLite file, or files that are loaded into one, guarded by child processes that it shares with others. */
export class FileDatabase implements GuardedDatabase {
  readonly dialect = 'SQLite';
  readonly #pool: ChildPool;
  readonly #file: () => Promise<string>;
  readonly #loaded: LoadedFile | undefined;

  constructor(source: FileSource, pool: ChildPool) {
    this.#pool = pool;
    const isDatabase = source.type === 'sqlite' && !source.path.endsWith('.sql');
    const loaded = isDatabase ? undefined : new LoadedFile(source, pool);
    this.#loaded = loaded;
    this.#file = loaded ? async () => await loaded.path() : async () => source.path;
  }

  async schema({ access, samples, signal }: SchemaRequest): Promise<DescribedTable[]> {
    const file = await this.#file();
    return await this.#pool.run<'schema'>(
      { kind: 'schema', file, access, samples },
      { timeoutMs: schemaTimeoutMs, signal },
    );
  }

  async query({ timeoutMs, signal, ...statement }: GuardedQuery): Promise<QueryResult> {
    signal.throwIfAborted();
    const file = await this.#file();
    return await this.#pool.run<'query'>({ kind: 'query', file, ...statement }, { timeoutMs, signal });
  }

  async close(): Promise<void> {
    await this.#loaded?.close();
  }
}
