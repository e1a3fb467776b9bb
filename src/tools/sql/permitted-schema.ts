import type { SourcePermissions } from '../../agents/data-permissions.ts';
import type { DescribedColumn, DescribedTable, GuardedDatabase } from './guarded-database.ts';
import { accessWithoutValues } from './permissions.ts';

/** A model does not need to see a changed schema at once. */
const keptMs = 30_000;
const maxCharacters = 12_000;
const maxSampleCharacters = 40;

/** The permitted part of a schema, as a model reads it. */
export class PermittedSchema {
  readonly #database: GuardedDatabase;
  readonly #permissions: SourcePermissions;
  readonly #samples: boolean;
  #known: { text: string; at: number } | undefined;

  constructor(database: GuardedDatabase, permissions: SourcePermissions, samples: boolean) {
    this.#database = database;
    this.#permissions = permissions;
    this.#samples = samples;
  }

  /**
   * One line per table and column.
   * @throws ToolError when the database does not answer, or the permissions name what does not exist.
   */
  async text(signal: AbortSignal): Promise<string> {
    const now = performance.now();
    if (this.#known && now - this.#known.at < keptMs) return this.#known.text;
    const access = accessWithoutValues(this.#permissions);
    const tables = await this.#database.schema({ access, samples: this.#samples, signal });
    const text = cut(tables.map(describeTable).join('\n'));
    this.#known = { text, at: now };
    return text;
  }
}

function describeTable({ name, comment, columns }: DescribedTable): string {
  const title = comment === undefined ? `table ${name}` : `table ${name} -- ${oneLine(comment)}`;
  return [title, ...columns.map((column) => `  ${describeColumn(column)}`)].join('\n');
}

function describeColumn({ name, type, comment, samples = [] }: DescribedColumn): string {
  const said = comment === undefined ? [] : [oneLine(comment)];
  const values = samples.map((value) => oneLine(String(value)).slice(0, maxSampleCharacters));
  if (values.length > 0) said.push(`e.g. ${values.join(', ')}`);
  const declared = type === '' ? name : `${name} ${type}`;
  return said.length === 0 ? declared : `${declared} -- ${said.join('; ')}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function cut(text: string): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).toWellFormed()}\n(cut)`;
}
