import type { LoadedRun, RunLog } from './log.ts';
import type { Turn } from './message.ts';
import { userText, type RunRecord } from './record.ts';

/** A message may name more; these many are read. */
const mostReferenced = 10;

/**
 * The conversation with the turns of the tasks that the run's message refers to (spec §3.4.3) before it, in the
 * order named; a task that it tells of already is not told twice. Only tasks of the same owner at the same agent
 * count: any other id is passed over without a word, so that nothing is learned from it.
 */
export async function withReferencedTasks(log: RunLog, record: RunRecord, history: Turn[]): Promise<Turn[]> {
  const { referenceTaskIds } = record.request.message;
  if (!referenceTaskIds) return history;
  const ids = new Set(referenceTaskIds);
  ids.delete(record.id);
  const named = [...ids].slice(0, mostReferenced);
  const runs = await Promise.all(named.map(async (id) => await log.load(id)));
  const turns = runs
    .filter((run): run is LoadedRun => run !== undefined && isOfSameCaller(run.record, record))
    .map(turnsOf)
    .filter((told) => !stands(told, history));
  return [...turns.flat(), ...history];
}

function isOfSameCaller(one: RunRecord, other: RunRecord): boolean {
  return one.owner === other.owner && one.agentId === other.agentId && one.door === other.door;
}

/** What the user said and what was answered: the text so far, or the question that the task waits with. */
function turnsOf({ record, snapshot }: LoadedRun): Turn[] {
  const asked = (snapshot.finished?.parts ?? []).flatMap((part) => part.text ?? []).join('\n');
  const turns: Turn[] = [
    { by: 'USER', text: userText(record.request) },
    { by: 'AI', text: snapshot.text || asked },
  ];
  return turns.filter(({ text }) => text !== '');
}

/** Whether the turns stand in the conversation, one after the other. */
function stands(turns: readonly Turn[], history: readonly Turn[]): boolean {
  return history.some((_turn, start) =>
    turns.every(({ by, text }, offset) => {
      const told = history[start + offset];
      return told?.by === by && told.text === text;
    }),
  );
}
