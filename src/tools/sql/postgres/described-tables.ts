import type { PoolClient } from 'pg';
import { ToolError } from '../../tool.ts';
import type { DescribedColumn, DescribedTable } from '../guarded-database.ts';
import { quoted, type ReadableTable } from './guarded-statement.ts';
import { checkView, type Permitted } from './view-check.ts';

const sampledRows = 50;
const samplesPerColumn = 3;
const sampleCharacters = 60;
/** Tables beyond it are described without samples. */
const sampledTables = 20;

/** The permitted tables in the words of the catalogue; views that would open more than is permitted are left out. */
export async function describeTables(
  client: PoolClient,
  permitted: Permitted,
  withSamples: boolean,
): Promise<DescribedTable[]> {
  const described: DescribedTable[] = [];
  for (const table of permitted.tables.filter(({ name }) => isOpen(name, permitted))) {
    const sampled = withSamples && table.rows.length === 0 && described.length < sampledTables;
    const samples = sampled ? await sample(client, table) : new Map<string, string[]>();
    described.push(describe(table, permitted, samples));
  }
  return described;
}

function describe(
  table: ReadableTable,
  { catalogue }: Permitted,
  samples: ReadonlyMap<string, string[]>,
): DescribedTable {
  const relation = catalogue.find(({ name }) => name === table.name);
  const columns = (relation?.details ?? [])
    .filter(({ name }) => table.columns.includes(name))
    .map(({ name, type, comment }): DescribedColumn => {
      const values = samples.get(name) ?? [];
      return {
        name,
        type,
        ...(comment !== null && { comment }),
        ...(values.length > 0 && { samples: values }),
      };
    });
  const comment = relation?.comment ?? null;
  return { name: table.name, ...(comment !== null && { comment }), columns };
}

function isOpen(name: string, permitted: Permitted): boolean {
  try {
    checkView(name, permitted);
    return true;
  } catch (error) {
    if (error instanceof ToolError) return false;
    throw error;
  }
}

/** A few different values of each column, out of the first rows. */
async function sample(client: PoolClient, table: ReadableTable): Promise<Map<string, string[]>> {
  const list = table.columns.map((column) => `left(${quoted(column)}::text, ${sampleCharacters})`).join(', ');
  const text = `SELECT ${list} FROM ${quoted(table.schema)}.${quoted(table.name)} LIMIT ${sampledRows}`;
  const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array' });
  return new Map(
    table.columns.map((column, index) => {
      const values = rows.map((row) => row[index]).filter((value) => value !== null && value !== undefined);
      return [column, [...new Set(values)].slice(0, samplesPerColumn)];
    }),
  );
}
