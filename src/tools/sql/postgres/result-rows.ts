import type { Duplex } from 'node:stream';
import type { PoolClient, QueryArrayConfig } from 'pg';
import { ToolError } from '../../tool.ts';
import { maxCellCharacters, maxResultBytes, type QueryResult } from '../guarded-database.ts';
import type { SqlValue } from '../permissions.ts';
import type { GuardedStatement } from './guarded-statement.ts';

/** What may come over the wire for one statement: a single huge value is not even read to its end. */
const maximumWireBytes = 8_388_608;

type Rows = Pick<QueryResult, 'columns' | 'rows' | 'truncated'>;

/**
 * Runs the statement as a prepared one, which the protocol allows to be one only, and keeps what is within the caps.
 * @throws ToolError when the result is far too large; Error of the driver
 */
export async function fetchRows(
  client: PoolClient,
  { text, values }: GuardedStatement,
  maxRows: number,
): Promise<Rows> {
  const { Query, types } = await import('pg');
  const { BOOL, INT2, INT4, FLOAT4, FLOAT8 } = types.builtins;
  // Numbers and truth values as such; everything else as PostgreSQL writes it.
  const parsed = new Set([BOOL, INT2, INT4, FLOAT4, FLOAT8]);
  const config = {
    text,
    values,
    rowMode: 'array',
    queryMode: 'extended',
    types: {
      getTypeParser: (oid: (typeof types.builtins)[keyof typeof types.builtins]) =>
        parsed.has(oid) ? types.getTypeParser(oid, 'text') : String,
    },
  } as unknown as QueryArrayConfig;
  const query = new Query(config);
  const rows = new CappedRows(maxRows);
  const { promise, resolve, reject } = Promise.withResolvers<Rows>();
  const wire = meter(client, () => reject(tooLarge()));
  query.on('row', (row: unknown) => rows.add(row as SqlValue[]));
  query.on('error', reject);
  query.on('end', ({ fields }) => {
    resolve({ columns: fields.map(({ name }) => name), rows: rows.kept, truncated: rows.truncated });
  });
  client.query(query);
  try {
    return await promise;
  } finally {
    wire.stop();
  }
}

/** Counts what arrives, and closes the connection when it is too much. */
function meter(client: PoolClient, exceeded: () => void): { stop(): void } {
  const { stream } = (client as PoolClient & { connection: { stream: Duplex } }).connection;
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= maximumWireBytes) return;
    exceeded();
    stream.destroy();
  };
  stream.on('data', count);
  return { stop: () => void stream.off('data', count) };
}

function tooLarge(): ToolError {
  return new ToolError(
    `The result is larger than ${maximumWireBytes / 1_048_576} MB; select fewer columns, or only the beginning of long texts.`,
  );
}

class CappedRows {
  readonly kept: SqlValue[][] = [];
  truncated = false;
  readonly #maxRows: number;
  #bytes = 0;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  add(row: readonly SqlValue[]): void {
    if (this.truncated) return;
    const cells = row.map(cut);
    this.#bytes += Buffer.byteLength(JSON.stringify(cells));
    if (this.kept.length >= this.#maxRows || this.#bytes > maxResultBytes) this.truncated = true;
    else this.kept.push(cells);
  }
}

function cut(value: SqlValue): SqlValue {
  if (typeof value !== 'string' || value.length <= maxCellCharacters) return value;
  return `${value.slice(0, maxCellCharacters).toWellFormed()}…`;
}
