import type { PoolClient } from 'pg';
import type { Log } from '../../../telemetry/log.ts';
import type { PostgresSource } from '../../data-source.ts';
import { ToolError } from '../../tool.ts';
import {
  maxStatementCharacters,
  type DescribedTable,
  type GuardedDatabase,
  type GuardedQuery,
  type QueryResult,
  type SchemaRequest,
} from '../guarded-database.ts';
import { permittedTables, type SourceAccess } from '../permissions.ts';
import { readBuiltInNames, type BuiltInNames } from './built-in-names.ts';
import { readCatalogue, type Relation } from './catalogue.ts';
import { checkReferences } from './column-check.ts';
import { Connections, type SessionRequest } from './connections.ts';
import { translateDatabaseError } from './database-errors.ts';
import { describeTables } from './described-tables.ts';
import { guardStatement, type ReadableTable } from './guarded-statement.ts';
import { excessOfLogin, grantStatements } from './login-check.ts';
import { numberParameters } from './named-parameters.ts';
import { parseStatement } from './parser.ts';
import { fetchRows } from './result-rows.ts';
import type { Permitted } from './view-check.ts';

const catalogueKeptMs = 30_000;
/** For reading the catalogue and samples. */
const schemaTimeoutMs = 10_000;
/** More names in the log than this help nobody. */
const maximumLogged = 20;

/**
 * A PostgreSQL behind the guard. Three walls stand one behind the other: the parsed statement is checked, it runs
 * where only the permitted columns and rows have a name, and the login should have no right to more.
 */
export class PostgresDatabase implements GuardedDatabase {
  readonly dialect = 'PostgreSQL';
  readonly #source: PostgresSource;
  readonly #log: Log;
  readonly #connections: Connections;
  readonly #schemas: readonly string[];
  #catalogue: { relations: Relation[]; builtInNames: BuiltInNames; at: number } | undefined;
  #loginChecked = false;

  constructor(source: PostgresSource, log: Log) {
    this.#source = source;
    this.#log = log;
    this.#connections = new Connections(source);
    this.#schemas = (new URL(source.url).searchParams.get('schema') ?? 'public').split(',');
  }

  async schema({ access, samples, signal }: SchemaRequest): Promise<DescribedTable[]> {
    const request = { timeoutMs: schemaTimeoutMs, signal };
    return await this.#read(request, [], async (client) => {
      const permitted = await this.#permitted(client, access);
      return await describeTables(client, permitted, samples);
    });
  }

  async query(query: GuardedQuery): Promise<QueryResult> {
    const begin = performance.now();
    if (query.sql.length > maxStatementCharacters) {
      throw new ToolError(
        `The statement is longer than ${maxStatementCharacters} characters; write a shorter one.`,
      );
    }
    const { sql, values } = await numberParameters(query.sql, query.parameters);
    const statement = await parseStatement(sql);
    const tables: ReadableTable[] = [];
    const result = await this.#read(query, tables, async (client) => {
      const permitted = await this.#permitted(client, query.access);
      const columnsAccessed = checkReferences(statement.reading, permitted);
      tables.push(...permitted.tables.filter(({ name }) => statement.reading.tables.has(name)));
      const guarded = await guardStatement(statement, tables, { values, rowLimit: query.maxRows + 1 });
      return { ...(await fetchRows(client, guarded, query.maxRows)), columnsAccessed };
    });
    const tablesAccessed = [...statement.reading.tables].sort();
    return { ...result, tablesAccessed, milliseconds: performance.now() - begin };
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  /** @param tables those that the statement names, as soon as they are known: an error tells what they have */
  async #read<Result>(
    request: SessionRequest,
    tables: readonly ReadableTable[],
    work: (client: PoolClient) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#connections.read(request, work);
    } catch (error) {
      request.signal.throwIfAborted();
      const { id: sourceId } = this.#source;
      throw translateDatabaseError(error, { sourceId, timeoutMs: request.timeoutMs, tables });
    }
  }

  async #permitted(client: PoolClient, access: SourceAccess): Promise<Permitted> {
    const now = performance.now();
    if (!this.#catalogue || now - this.#catalogue.at > catalogueKeptMs) {
      const relations = await readCatalogue(client, this.#schemas);
      this.#catalogue = { relations, builtInNames: await readBuiltInNames(client), at: now };
    }
    const { relations: catalogue, builtInNames } = this.#catalogue;
    const schemas = new Map(catalogue.map(({ name, schema }) => [name, schema]));
    const permitted = permittedTables(access, catalogue, { ignoreCase: false });
    const tables = permitted.map((table) => ({ ...table, schema: schemas.get(table.name) ?? '' }));
    await this.#checkLogin(client, tables);
    return { catalogue, builtInNames, tables };
  }

  /** Once: whether the database itself holds back what the agent may not read. */
  async #checkLogin(client: PoolClient, tables: readonly ReadableTable[]): Promise<void> {
    if (this.#loginChecked) return;
    this.#loginChecked = true;
    const excess = await excessOfLogin(client, tables).catch((error: unknown) => {
      this.#loginChecked = false;
      throw error;
    });
    if (!excess) return;
    this.#log.warn(
      `The login of the data source ${this.#source.id} may read more than the agent that uses it: only the gateway holds it back. A login of its own with these rights makes the database the wall, for columns though not for filtered rows.`,
      {
        superuser: excess.superuser,
        readable: excess.columns.slice(0, maximumLogged),
        grants: grantStatements(tables).slice(0, maximumLogged),
      },
    );
  }
}
