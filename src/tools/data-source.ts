/** One of the operator's data sources, as DATA_SOURCES_FILE declares it; agents name it by its id. */
export type DataSource = FileSource | PostgresSource;

/**
 * `sqlite`: a database file, or a `.sql` script that makes one. `csv` and `json`: a file, which becomes a table of
 * its name, or a folder of such files.
 */
export interface FileSource {
  id: string;
  type: 'sqlite' | 'csv' | 'json';
  /** Absolute. */
  path: string;
}

export interface PostgresSource {
  id: string;
  type: 'postgres';
  /** `postgres://user@host:port/database`, without a password. */
  url: string;
  password?: string;
}
