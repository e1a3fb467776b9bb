import type { ModelMessage, ModelToolCall } from '../../llm/model.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import { mayWait } from '../../runs/record.ts';
import type { Tool } from '../../tools/tool.ts';
import { NestedSteps, ReportedSteps } from './nested-steps.ts';
import type { DecidedCall } from './resume.ts';
import { RunFailure } from './run-failure.ts';
import type { LoopState } from './state.ts';
import { checkCall, finishCall, type CheckedCall, type FinishedCall } from './tool-call.ts';
import { waitingCall, waitsForUser, type WaitingCall } from './waiting.ts';

/** One round of tool calls. */
export interface ToolRound {
  calls: readonly ModelToolCall[];
  /** Those that the model was offered; no other one is executed. */
  tools: readonly Tool[];
  iteration: number;
  /** What the user said to each of the calls; absent: nobody was asked yet. */
  decided?: readonly DecidedCall[];
}

export interface FinishedRound {
  /** In the order of the calls; none for those that wait. */
  results: (ModelMessage | undefined)[];
  waiting: WaitingCall[];
}

interface RoundCall<Checked = CheckedCall> {
  index: number;
  call: ModelToolCall;
  checked: Checked;
}

type WaitingRoundCall = RoundCall<Extract<CheckedCall, { tool: Tool }>>;

/**
 * Runs the model's tool calls in parallel, each as one step, with what they tell of themselves below it. Those that
 * must wait for the user are proposed and not executed.
 * @throws RunFailure when a call must wait and nobody can answer.
 */
export async function* callTools(
  state: LoopState,
  round: ToolRound,
): AsyncGenerator<ExecutorEvent, FinishedRound, undefined> {
  const { calls, tools, decided } = round;
  const checked = calls.map((call, index) => ({ index, call, checked: checkCall(state, tools, call) }));
  const isWaiting = (one: RoundCall): one is WaitingRoundCall =>
    !decided && 'tool' in one.checked && waitsForUser(one.checked.tool);
  const waits = checked.filter(isWaiting);
  refuseUnlessAnswered(state, waits);
  const results = yield* execute(
    state,
    round,
    checked.filter((one) => !isWaiting(one)),
  );
  const waiting: WaitingCall[] = [];
  for (const one of waits) waiting.push(yield* propose(state, one, round.iteration));
  return { results, waiting };
}

/** Before anything of the round is executed. */
function refuseUnlessAnswered({ execution }: LoopState, [first]: readonly RoundCall[]): void {
  if (!first || mayWait(execution.record.door)) return;
  throw new RunFailure(
    'approval_required',
    `The tool ${first.call.name} waits for the user's word, which cannot be given here. Call the agent at its A2A address.`,
  );
}

async function* execute(
  state: LoopState,
  { iteration, decided, calls }: ToolRound,
  runnable: readonly RoundCall[],
): AsyncGenerator<ExecutorEvent, (ModelMessage | undefined)[], undefined> {
  const reported = new ReportedSteps();
  const started = runnable.map((one) => {
    const { name } = one.call;
    return { ...one, step: state.steps.start('tool_execution', name, { iteration, tool: name }) };
  });
  // All starts are told before anything runs: whoever leaves in between leaves no call behind.
  for (const { step } of started) yield step.started;
  const running = new Map(
    started.map(({ index, checked, step }) => {
      const nested = new NestedSteps(state, { step, iteration }, reported);
      const said = decided?.[index];
      return [index, indexed(index, finishCall(state, checked, { step, nested, ...(said && { said }) }))];
    }),
  );
  const results: (ModelMessage | undefined)[] = [];
  while (running.size > 0) {
    const finished = await Promise.race([...running.values(), reported.told]);
    yield* reported.take();
    if (!finished) continue;
    running.delete(finished.index);
    yield finished.end;
    const call = calls[finished.index];
    if (call) results[finished.index] = { role: 'tool', toolCallId: call.id, content: finished.text };
  }
  return results;
}

async function indexed(
  index: number,
  running: Promise<FinishedCall>,
): Promise<FinishedCall & { index: number }> {
  return { ...(await running), index };
}

/** The proposal is a step of its own: the call's is the one of its execution. */
async function* propose(
  state: LoopState,
  { index, call, checked }: WaitingRoundCall,
  iteration: number,
): AsyncGenerator<ExecutorEvent, WaitingCall, undefined> {
  const { tool, given } = checked;
  const name = tool.asksUser ? 'Ask the user' : `Ask for approval of ${tool.name}`;
  const step = state.steps.start('planning', name, { iteration, tool: tool.name });
  yield step.started;
  yield step.completed('waits for the user', { arguments: given });
  return waitingCall(state, checked, { call, index, step });
}
