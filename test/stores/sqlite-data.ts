import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Feed } from '../../src/runs/feed.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import type { OpenedLog } from './run-log-contract.ts';

export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-store-'));
  return { folder, remove: async () => await rm(folder, { recursive: true }) };
}

export function openLog(dataDir: string): SqliteRunLog {
  return new SqliteRunLog(openDatabase(dataDir), new Feed());
}

/** A log in a folder of its own, which goes with it. */
export async function openFileLog(): Promise<OpenedLog> {
  const { folder, remove } = await temporaryFolder();
  let newest = openLog(folder);
  return {
    log: newest,
    reopen: async () => {
      await newest.close();
      newest = openLog(folder);
      return newest;
    },
    close: async () => {
      await newest.close();
      await remove();
    },
  };
}

export interface StoreProcess {
  child: ChildProcess;
  /** Whole lines so far. */
  lines: () => string[];
  /** Resolves when it is gone, with its exit code, or null after a kill. */
  gone: Promise<number | null>;
}

export function startStoreProcess(folder: string, task: 'open' | 'append'): StoreProcess {
  const script = join(import.meta.dirname, 'store-process.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, folder, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const gone = once(child, 'close').then(([code]) => code as number | null);
  return { child, lines: () => output.split('\n').slice(0, -1), gone };
}
