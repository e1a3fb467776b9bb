import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isAfter, parseEventId, type Position } from '../../src/runs/event.ts';
import { StoreUnavailableError, type RunLog } from '../../src/runs/log.ts';
import { Feed } from '../../src/runs/feed.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { until } from '../support/wait.ts';
import { describeRunLog } from './run-log-contract.ts';
import { beginning, finished, once, read, runRecord, startRun, text } from './run-samples.ts';
import { openFileLog, openLog, startStoreProcess, temporaryFolder } from './sqlite-data.ts';

describeRunLog('SQLite in a file', openFileLog);

describeRunLog(
  'SQLite in memory',
  async () => {
    const log = openLog(':memory:');
    return { log, close: async () => await log.close() };
  },
  { survives: false },
);

describe('the data folder', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  afterEach(async () => {
    await remove();
  });

  test('is made for the owner only', async () => {
    const deep = join(folder, 'deep', 'data');
    await openLog(deep).close();
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
  });

  test('belongs to one process: the second is refused and told why', async () => {
    const log = openLog(folder);
    const refused = startStoreProcess(folder, 'open');
    expect(await refused.gone).toBe(1);
    expect(refused.lines()).toEqual([
      expect.stringMatching(/^refused: DATA_DIR .* is in use by another a2a-gateway process/),
    ]);
    expect(refused.lines()[0]).toContain(folder);
    await log.ping();
    await log.close();
    const accepted = startStoreProcess(folder, 'open');
    expect(await accepted.gone).toBe(0);
    expect(accepted.lines()).toEqual(['opened']);
  });

  test('that cannot be used is named', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(() => openDatabase(join(folder, 'file'))).toThrow(StoreUnavailableError);
    expect(() => openDatabase(join(folder, 'file'))).toThrow(`DATA_DIR ${folder}/file cannot be opened`);
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'a2a-gateway.db'), 'x'.repeat(10_000));
    expect(() => openDatabase(join(folder, 'other'))).toThrow(
      'holds a a2a-gateway.db that is not a database',
    );
  });

  test('of a newer version is left alone', () => {
    const database = openDatabase(folder);
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect(() => openDatabase(folder)).toThrow('was written by a newer a2a-gateway');
  });

  test('after kill -9 every event that was reported as stored is there', async () => {
    const { child, lines, gone } = startStoreProcess(folder, 'append');
    await until(() => lines().length > 2_000, { what: '2,000 stored events', timeoutMs: 15_000 });
    child.kill('SIGKILL');
    expect(await gone).toBeNull();
    const reported = newestReported(lines());
    expect(reported.size).toBe(20);
    const log = openLog(folder);
    for (const [runId, position] of reported) await expectWholeUpTo(log, runId, position);
    expect(await log.abandoned()).toHaveLength(20);
    await log.close();
  });
});

/** The newest position that the killed process reported of each run. */
function newestReported(lines: readonly string[]): Map<string, Position> {
  const newest = new Map<string, Position>();
  for (const line of lines) {
    const [runId = '', id = ''] = line.split(' ');
    const position = parseEventId(id);
    if (position) newest.set(runId, position);
  }
  return newest;
}

async function expectWholeUpTo(log: RunLog, runId: string, position: Position): Promise<void> {
  const snapshot = (await log.load(runId))?.snapshot;
  expect(snapshot && isAfter(position, snapshot)).toBe(false);
  const events = await read(log, runId, beginning, (last) => !isAfter(snapshot ?? last, last));
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  expect(events.length).toBeGreaterThanOrEqual(position.sequence);
}

describe('a store that does not answer', () => {
  test('a full disk fails the group as unavailable; once there is room, the same write works', async () => {
    const { folder, remove } = await temporaryFolder();
    const database = openDatabase(folder);
    const log = new SqliteRunLog(database, new Feed());
    const run = await startRun(log);
    const small = await startRun(log);
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const large = run.batch(text('x'.repeat(1_000_000)));
    const results = await Promise.allSettled([log.append(run.id, () => large), small.append(text('a'))]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
    }
    expect((await log.load(small.id))?.snapshot.sequence).toBe(1);
    database.exec('PRAGMA max_page_count = 100000');
    await log.append(run.id, () => large);
    expect((await log.load(run.id))?.snapshot).toEqual(run.snapshot);
    await log.close();
    await remove();
  });

  test('closed, it says so', async () => {
    const log = openLog(':memory:');
    await log.close();
    await expect(log.create(runRecord(), once)).rejects.toThrow(StoreUnavailableError);
    await expect(log.load('run-1')).rejects.toThrow(StoreUnavailableError);
    await expect(log.ping()).rejects.toThrow(StoreUnavailableError);
    const reader = log.follow('run-1', beginning, new AbortController().signal);
    await expect(reader.next()).rejects.toThrow(StoreUnavailableError);
    await log.close();
  });
});

test('a reader is given a large log in pages of a bounded size', async () => {
  const log = openLog(':memory:');
  const run = await startRun(log);
  for (let index = 0; index < 20; index += 1) await run.append(text('x'.repeat(100_000)));
  await run.save(finished('completed'));
  const sizes: number[] = [];
  for await (const events of log.follow(run.id, beginning)) sizes.push(JSON.stringify(events).length);
  expect(sizes.length).toBeGreaterThan(5);
  expect(Math.max(...sizes)).toBeLessThan(500_000);
  await log.close();
});
