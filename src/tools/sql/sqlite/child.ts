import { Worker } from 'node:worker_threads';
import { ToolError } from '../../tool.ts';
import type { Job, JobAnswer, JobResults } from './job.ts';

/**
 * The program of the child processes in which SQLite runs. The gateway kills such a process to stop a statement:
 * node:sqlite cannot be interrupted, and blocks its thread while it works.
 */

process.on('message', (job: Job) => void answer(job).then((done) => process.send?.(done)));

// A thread that a statement blocks would notice neither that the gateway is gone nor how much memory it takes.
new Worker(new URL('child-watch.ts', import.meta.url)).unref();

async function answer(job: Job): Promise<JobAnswer> {
  try {
    return { ok: true, result: await run(job) };
  } catch (error) {
    return error instanceof ToolError ? { ok: false, refusal: error.message } : { ok: false };
  }
}

async function run(job: Job): Promise<JobResults[keyof JobResults]> {
  switch (job.kind) {
    case 'query': {
      const { runQuery } = await import('./run-query.ts');
      return runQuery(job);
    }
    case 'schema': {
      const { describeTables } = await import('./describe-tables.ts');
      return describeTables(job);
    }
    case 'load': {
      const { loadDatabase } = await import('./load-database.ts');
      loadDatabase(job);
      return null;
    }
  }
}
