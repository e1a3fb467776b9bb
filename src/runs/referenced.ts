import { exchangeOf, turnsOf } from './continuation.ts';
import type { LoadedRun, RunLog } from './log.ts';
import type { Turn } from './message.ts';
import { userText, type RunRecord } from './record.ts';

/** Messages may name more; these many tasks are read. */
const mostReferenced = 10;

/**
 * The conversation with the turns of the tasks that the messages of a run refer to (spec §3.4.3) before it, in
 * the order named, those of the newest message first; a task that it tells of already is not told twice. Only
 * tasks of the same owner at the same agent count: any other id is passed over without a word, so that nothing
 * is learned from it.
 */
export async function withReferencedTasks(
  log: RunLog,
  { record, snapshot }: LoadedRun,
  history: Turn[],
): Promise<Turn[]> {
  const ids = new Set(
    exchangeOf(record.request, snapshot)
      .toReversed()
      .flatMap(({ message }) => message.referenceTaskIds ?? []),
  );
  ids.delete(record.id);
  if (ids.size === 0) return history;
  const named = [...ids].slice(0, mostReferenced);
  const runs = await Promise.all(named.map(async (id) => await log.load(id)));
  const told = runs
    .filter((run): run is LoadedRun => run !== undefined && isOfSameCaller(run.record, record))
    .filter((run) => !isRemembered(run, history))
    .flatMap(toldOf);
  return [...told, ...history];
}

function isOfSameCaller(one: RunRecord, other: RunRecord): boolean {
  return one.owner === other.owner && one.agentId === other.agentId && one.door === other.door;
}

/** What was said in a task, and its answer as far as it is. A task that waits ends with its question. */
function toldOf({ record, snapshot }: LoadedRun): Turn[] {
  const asked = (snapshot.finished?.parts ?? []).flatMap(({ text }) => text ?? []).join('\n');
  const answer = snapshot.text || asked;
  const turns = turnsOf(exchangeOf(record.request, snapshot));
  return answer === '' ? turns : [...turns, { by: 'AI', text: answer }];
}

/** Whether the conversation holds the task as stored conversations do: its first message, then its answer. */
function isRemembered({ record, snapshot }: LoadedRun, history: readonly Turn[]): boolean {
  const question = userText(record.request);
  return history.some((turn, index) => {
    const next = history[index + 1];
    return turn.by === 'USER' && turn.text === question && next?.by === 'AI' && next.text === snapshot.text;
  });
}
