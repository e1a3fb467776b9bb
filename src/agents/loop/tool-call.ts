import type { ModelToolCall } from '../../llm/model.ts';
import type { StepDetail } from '../../runs/event.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { Json, JsonObject } from '../../runs/message.ts';
import { callWithin, cutResult } from '../../tools/bounded-call.ts';
import { ToolError, type Tool, type ToolResult } from '../../tools/tool.ts';
import type { NestedSteps } from './nested-steps.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';

/** A call of the model's as it stands before anything is executed. */
export type CheckedCall =
  | { tool: Tool; given: JsonObject }
  /** Why it is not executed. Models make such mistakes all the time: a value, not an exception with its stack. */
  | { refusal: string; given: Json };

export interface FinishedCall {
  /** What the model reads; a failure is a result too. */
  text: string;
  end: ExecutorEvent;
}

/** Looks the tool up and its arguments over; the call counts from now on. */
export function checkCall(state: LoopState, tools: readonly Tool[], call: ModelToolCall): CheckedCall {
  const given = parseArguments(call.arguments);
  const tool = tools.find((one) => one.name === call.name);
  state.toolCalls += 1;
  const refused = (refusal: string): CheckedCall => ({ refusal, given: given ?? call.arguments });
  if (!tool)
    return refused(`There is no tool ${call.name}. There are: ${tools.map(({ name }) => name).join(', ')}.`);
  if (!given) return refused('The arguments are not a JSON object.');
  const { maxToolCalls } = state.agent.limits;
  if (state.toolCalls > maxToolCalls)
    return refused(`Not executed: the limit of ${maxToolCalls} tool calls is reached.`);
  const problems = tool.validate(given);
  if (problems.length > 0) return refused(`The arguments do not fit: ${problems.join('; ')}.`);
  return { tool, given };
}

/** The end of a call that is not executed, or was in vain. */
export function failedCall(
  state: LoopState,
  step: StartedStep,
  text: string,
  detail: StepDetail & { arguments: Json },
): FinishedCall {
  const error = state.mask.text(`Error: ${text}`);
  const masked = { ...detail, arguments: state.mask.json(detail.arguments), error };
  return { text: error, end: step.failed(undefined, masked) };
}

/** Executes a call once; what the tool throws is its result. @throws the signal's reason when the run is stopped */
export async function executeCall(
  state: LoopState,
  { tool, given }: { tool: Tool; given: JsonObject },
  step: StartedStep,
  nested: NestedSteps,
): Promise<FinishedCall> {
  const cost = addCost(state, tool);
  try {
    const result = await execute(state, tool, given, nested);
    const text = cutResult(state.mask.text(result.text), state.agent.limits.maxResultCharacters);
    const detail: StepDetail = { arguments: state.mask.json(given), result: text, ...cost };
    return {
      text,
      end: step.completed(result.summary && state.mask.text(result.summary), {
        ...detail,
        ...toolDetail(state, result.detail),
      }),
    };
  } catch (error) {
    if (state.execution.signal.aborted) throw error;
    if (!(error instanceof ToolError))
      return failedCall(state, step, 'the tool failed inside the gateway.', { arguments: given, ...cost });
    const detail = { arguments: given, ...cost, ...toolDetail(state, error.detail) };
    return failedCall(state, step, error.message, detail);
  } finally {
    nested.close();
  }
}

/** What a call costs is owed when it is executed, whatever comes of it. */
function addCost(state: LoopState, { priceUsd }: Tool): Pick<StepDetail, 'costUsd'> {
  if (priceUsd === undefined) return {};
  state.usage.costUsd = (state.usage.costUsd ?? 0) + priceUsd;
  return { costUsd: priceUsd };
}

/** What the tool tells for the probe, no longer than a result may be. */
function toolDetail(state: LoopState, detail: ToolResult['detail']): Pick<StepDetail, 'detail'> {
  if (!detail) return {};
  const masked = state.mask.json(detail);
  const { length } = JSON.stringify(masked);
  if (length <= state.agent.limits.maxResultCharacters) return { detail: masked };
  return { detail: `[left out: ${length} characters]` };
}

async function execute(
  state: LoopState,
  tool: Tool,
  given: JsonObject,
  nested: NestedSteps,
): Promise<ToolResult> {
  const { contextValues: context, record, signal } = state.execution;
  const caller = { userId: record.owner, agentId: record.agentId, depth: record.depth ?? 0 };
  const call = { arguments: given, context, signal, caller, report: nested.report };
  return await callWithin(tool, call, state.agent.limits.toolTimeoutSeconds);
}

function parseArguments(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)
      ? (parsed as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
