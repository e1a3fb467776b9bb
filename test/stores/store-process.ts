import { writeSync } from 'node:fs';
import { Feed } from '../../src/runs/feed.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { eventId } from '../../src/runs/event.ts';
import { startRun, text, type SampleRun } from './run-samples.ts';

/**
 * A process of its own on a data folder: `node store-process.ts <folder> [open|append]`. It reports what it
 * does, line by line; `append` appends to 20 runs until it is killed and reports each event once it is stored.
 */
const [, , dataDir = '', task] = process.argv;

function report(line: string): void {
  writeSync(1, `${line}\n`);
}

async function appendForEver(run: SampleRun): Promise<never> {
  for (let count = 0; ; count += 1) {
    if (count % 7 === 0) await run.save(text(`${count} `));
    else await run.append(text(`${count} `), text('. '));
    report(`${run.id} ${eventId(run.snapshot)}`);
  }
}

try {
  const log = new SqliteRunLog(openDatabase(dataDir), new Feed());
  report('opened');
  if (task === 'append') {
    const runs = await Promise.all(Array.from({ length: 20 }, async () => await startRun(log)));
    await Promise.all(runs.map(appendForEver));
  }
  await log.close();
} catch (error) {
  report(`refused: ${(error as Error).message}`);
  process.exitCode = 1;
}
