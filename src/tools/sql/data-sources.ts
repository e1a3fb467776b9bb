import { availableParallelism } from 'node:os';
import type { DataSource } from '../data-source.ts';
import type { GuardedDatabase } from './guarded-database.ts';
import type { Databases } from './sql-tool.ts';
import { ChildPool } from './sqlite/child-pool.ts';
import { FileDatabase } from './sqlite/file-database.ts';

/** Statements that may wait for a child process. */
const maxWaiting = 256;

/** The configured data sources, each opened with its first use and shared by all agents. */
export class DataSources implements Databases {
  readonly #sources: ReadonlyMap<string, DataSource>;
  readonly #open = new Map<string, GuardedDatabase>();
  readonly #pool = new ChildPool({ size: Math.max(2, Math.min(4, availableParallelism())), maxWaiting });

  constructor(sources: readonly DataSource[]) {
    this.#sources = new Map(sources.map((source) => [source.id, source]));
  }

  get(id: string): GuardedDatabase | undefined {
    const source = this.#sources.get(id);
    const known = this.#open.get(id);
    if (!source || known) return known;
    const opened = this.#openSource(source);
    this.#open.set(id, opened);
    return opened;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(async (database) => await database.close()));
  }

  #openSource(source: DataSource): GuardedDatabase {
    if (source.type === 'postgres') throw new Error('PostgreSQL cannot be opened yet');
    return new FileDatabase(source, this.#pool);
  }
}
