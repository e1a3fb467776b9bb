import { isAfter, isResting, type Position, type StoredEvent } from './event.ts';
import type { RunLog } from './log.ts';

const beginning: Position = { attempt: 0, sequence: 0 };

/**
 * Reads a run from `position` until it is at rest: what is stored, then what comes, each event once and in
 * order. Ends at once when the run is at rest and holds nothing after the position.
 */
export async function* readRun(
  log: RunLog,
  runId: string,
  position: Position,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEvent[], void> {
  if (isAfter(position, beginning) && (await nothingFollows(log, runId, position))) return;
  for await (const events of log.follow(runId, position, signal)) {
    yield events;
    if (events.at(-1)?.event.kind === 'finished') return;
  }
}

async function nothingFollows(log: RunLog, runId: string, position: Position): Promise<boolean> {
  const run = await log.load(runId);
  return !run || (isResting(run.snapshot.state) && !isAfter(run.snapshot, position));
}
