import type { ModelMessage, ModelToolCall } from '../../llm/model.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { Tool } from '../../tools/tool.ts';
import { NestedSteps, ReportedSteps } from './nested-steps.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';
import { checkCall, executeCall, failedCall, type FinishedCall } from './tool-call.ts';

/** One round of tool calls. */
export interface ToolRound {
  calls: readonly ModelToolCall[];
  /** Those that the model was offered; no other one is executed. */
  tools: readonly Tool[];
  iteration: number;
}

/**
 * Runs the model's tool calls in parallel, each as one step, with what they tell of themselves below it; returns
 * their results in the order of the calls.
 */
export async function* callTools(
  state: LoopState,
  { calls, tools, iteration }: ToolRound,
): AsyncGenerator<ExecutorEvent, ModelMessage[], undefined> {
  const reported = new ReportedSteps();
  const started = calls.map((call) => ({
    call,
    step: state.steps.start('tool_execution', call.name, { iteration, tool: call.name }),
  }));
  // All starts are told before anything runs: whoever leaves in between leaves no call behind.
  for (const { step } of started) yield step.started;
  const running = new Map(
    started.map(({ call, step }, index) => {
      const nested = new NestedSteps(state, { step, iteration }, reported);
      return [index, indexed(index, runCall(state, tools, { call, step, nested }))];
    }),
  );
  const results: ModelMessage[] = [];
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

async function runCall(
  state: LoopState,
  tools: readonly Tool[],
  { call, step, nested }: { call: ModelToolCall; step: StartedStep; nested: NestedSteps },
): Promise<FinishedCall> {
  const checked = checkCall(state, tools, call);
  if ('refusal' in checked) return failedCall(state, step, checked.refusal, { arguments: checked.given });
  return await executeCall(state, checked, step, nested);
}
