import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ToolError } from '../../tool.ts';
import { quoted } from './catalogue.ts';
import type { LoadJob } from './job.ts';
import { readCsv, readJson, type TableRows } from './table-rows.ts';

const maxFileBytes = 64 * 1024 * 1024;

/**
 * Makes a database file out of the operator's SQL script, or out of CSV or JSON files, each a table of its name.
 * @throws ToolError that names the file and what is wrong with it, without its content
 */
export function loadDatabase({ type, files, target }: LoadJob): void {
  rmSync(target, { force: true });
  const db = new DatabaseSync(target);
  try {
    // Made anew when something goes wrong, so nothing needs to survive a crash.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    // A script may have transactions of its own.
    if (type !== 'script') db.exec('BEGIN');
    for (const file of files) {
      if (type === 'script') runScript(db, file);
      else addTable(db, file, type === 'csv' ? readCsv(textOf(file)) : readJson(textOf(file)));
    }
    if (type !== 'script') db.exec('COMMIT');
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError('The files of the data source cannot be loaded.', { cause: error });
  } finally {
    db.close();
  }
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= maxFileBytes) return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new ToolError(`${basename(file)} cannot be read.`, { cause: error });
  }
  throw new ToolError(`${basename(file)} is larger than 64 MB.`);
}

function runScript(db: DatabaseSync, file: string): void {
  const script = textOf(file);
  try {
    db.exec(script);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolError(`${basename(file)} does not run: ${reason}.`, { cause: error });
  }
}

function addTable(db: DatabaseSync, file: string, content: TableRows | { problem: string }): void {
  if ('problem' in content) throw new ToolError(`${basename(file)} cannot be loaded: ${content.problem}.`);
  const table = tableName(file);
  const columns = content.columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  try {
    db.exec(`CREATE TABLE ${quoted(table)} (${columns.join(', ')})`);
    const insert = db.prepare(`INSERT INTO ${quoted(table)} VALUES (${columns.map(() => '?').join(', ')})`);
    for (const values of content.rows) insert.run(...values);
  } catch (error) {
    // SQLite's message names the table or column, never a value.
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolError(`${basename(file)} cannot be loaded: ${reason}.`, { cause: error });
  }
}

/** The file's name without its ending, as SQL can write it without quotes. */
function tableName(file: string): string {
  const name = basename(file, extname(file)).replaceAll(/[^\p{L}\p{N}_]/gu, '_');
  return /^\p{N}/u.test(name) ? `_${name}` : name;
}
