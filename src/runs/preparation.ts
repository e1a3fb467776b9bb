import { exchangeOf, turnsOf } from './continuation.ts';
import type { ExecutableAgent } from './engine.ts';
import type { Execution } from './executor.ts';
import type { LoadedRun, RunLog } from './log.ts';
import { withReferencedTasks } from './referenced.ts';

type Prepared = Omit<Execution, 'signal' | 'attempt' | 'contextValues'>;

/** What an attempt executes: the newest request of the run, with what was said before it. */
export async function prepareExecution(
  log: RunLog,
  { record, snapshot }: LoadedRun,
  agent: Pick<ExecutableAgent, 'maxHistoryMessages'>,
): Promise<Prepared> {
  const { owner, agentId, contextId } = record;
  const request = snapshot.continued?.request ?? record.request;
  const exchange = exchangeOf(record.request, snapshot).slice(0, -1);
  let { history = [] } = record.request;
  // A context that the caller did not name is new: it has no history to read.
  if (!record.request.history && record.contextNamed && record.door === 'a2a') {
    history = await log.history({ owner, agentId, contextId }, agent.maxHistoryMessages);
  }
  const { paused, at = 0 } = snapshot.continued ?? {};
  history = await withReferencedTasks(log, { record, snapshot }, history);
  return {
    record,
    firstAttempt: snapshot.continued?.attempt ?? 1,
    request,
    exchange,
    history: exchange.length > 0 ? [...history, ...turnsOf(exchange)] : history,
    ...(paused && { resumed: { paused, at } }),
    ...(snapshot.linked && { linked: snapshot.linked }),
  };
}
