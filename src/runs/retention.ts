import { setImmediate } from 'node:timers/promises';
import type { Log } from '../telemetry/log.ts';
import type { RunLog } from './log.ts';

export interface RetentionOptions {
  log: RunLog;
  logger: Log;
  /** How long a finished task stays, in days. */
  retentionTaskDays: number;
  /** How long a finished task's events stay, in hours. */
  retentionEventHours: number;
}

const everyMs = 60_000;
const hourMs = 3_600_000;

/** Deletes finished runs and event logs that are past their time, every minute. Returns how to stop it. */
export function startRetention(options: RetentionOptions): () => void {
  const sweep = (): void => {
    sweepAll(options).catch((error: unknown) =>
      options.logger.warn('Old runs could not be deleted.', { error }),
    );
  };
  const timer = setInterval(sweep, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Piece by piece, with a turn of the event loop between them, so that requests are served meanwhile. */
async function sweepAll(options: RetentionOptions): Promise<void> {
  const now = Date.now();
  const limits = {
    runsBefore: now - options.retentionTaskDays * 24 * hourMs,
    eventsBefore: now - options.retentionEventHours * hourMs,
  };
  while ((await options.log.sweep(limits)) > 0) await setImmediate();
}
