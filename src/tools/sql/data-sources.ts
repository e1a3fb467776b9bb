import type { DataSource } from '../data-source.ts';
import type { GuardedDatabase } from './guarded-database.ts';
import type { Databases } from './sql-tool.ts';

type Open = (source: DataSource) => GuardedDatabase;

/** The configured data sources, each opened with its first use and shared by all agents. */
export class DataSources implements Databases {
  readonly #sources: ReadonlyMap<string, DataSource>;
  readonly #open = new Map<string, GuardedDatabase>();
  readonly #openSource: Open;

  constructor(sources: readonly DataSource[], openSource: Open = openGuarded) {
    this.#sources = new Map(sources.map((source) => [source.id, source]));
    this.#openSource = openSource;
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
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(async (database) => await database.close()));
  }
}

function openGuarded(source: DataSource): GuardedDatabase {
  throw new Error(`a data source of the type ${source.type} cannot be opened yet`);
}
