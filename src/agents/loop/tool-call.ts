import type { ModelToolCall } from '../../llm/model.ts';
import type { StepDetail } from '../../runs/event.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { Json, JsonObject } from '../../runs/message.ts';
import { callWithin, cutResult } from '../../tools/bounded-call.ts';
import { ToolError, type Tool, type ToolResult } from '../../tools/tool.ts';
import type { NestedSteps } from './nested-steps.ts';
import type { DecidedCall } from './resume.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';
import { waitsForUser } from './waiting.ts';

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
  // It must be kept until the user has answered, and shown: a secret can be neither.
  if (waitsForUser(tool) && state.mask.text(call.arguments) !== call.arguments)
    return refused('The arguments hold a secret value: leave it out.');
  return { tool, given };
}

/** The end of a call that is not executed, or was in vain. */
function failedCall(
  state: LoopState,
  step: StartedStep,
  text: string,
  detail: StepDetail & { arguments: Json },
): FinishedCall {
  const error = state.mask.text(`Error: ${text}`);
  const masked = { ...detail, arguments: state.mask.json(detail.arguments), error };
  return { text: error, end: step.failed(undefined, masked) };
}

/** What the user said in place of the tool: an answer to its question, or a no. */
function answeredCall(
  state: LoopState,
  step: StartedStep,
  given: JsonObject,
  { verdict, approval }: DecidedCall,
): FinishedCall {
  const detail = { arguments: state.mask.json(given), approval };
  if (verdict.decision === 'answer') {
    const text = cutResult(state.mask.text(verdict.words), state.agent.limits.maxResultCharacters);
    return { text, end: step.completed('answered', { ...detail, result: text }) };
  }
  const words = verdict.decision === 'deny' ? verdict.words : undefined;
  const said = words === undefined ? '' : ` The user said: ${JSON.stringify(words)}`;
  const denied = failedCall(state, step, `Not executed: the user did not approve this call.${said}`, detail);
  return { ...denied, end: step.failed('not approved', detail) };
}

/** What comes with a call that is finished. */
export interface CallPlace {
  step: StartedStep;
  nested: NestedSteps;
  /** What the user said to it, where it waited. */
  said?: DecidedCall;
}

/**
 * Brings a call to its end: executed once, refused, or answered by the user in place of the tool.
 * @throws the signal's reason when the run is stopped
 */
export async function finishCall(
  state: LoopState,
  checked: CheckedCall,
  place: CallPlace,
): Promise<FinishedCall> {
  if ('refusal' in checked)
    return failedCall(state, place.step, checked.refusal, { arguments: checked.given });
  const { said } = place;
  const decision = said?.verdict.decision;
  if (said && (decision === 'deny' || decision === 'answer'))
    return answeredCall(state, place.step, checked.given, said);
  return await executeCall(state, checked, place);
}

/** What the tool throws is its result. */
async function executeCall(
  state: LoopState,
  { tool, given }: { tool: Tool; given: JsonObject },
  { step, nested, said }: CallPlace,
): Promise<FinishedCall> {
  const known = { ...addCost(state, tool), ...(said && { approval: said.approval }) };
  try {
    const result = await execute(state, tool, given, nested);
    const changed =
      said?.verdict.decision === 'edit'
        ? `The user changed the arguments to ${JSON.stringify(given)} before it was executed.\n`
        : '';
    const { maxResultCharacters } = state.agent.limits;
    const text = cutResult(state.mask.text(changed + result.text), maxResultCharacters);
    const end = step.completed(result.summary && state.mask.text(result.summary), {
      arguments: state.mask.json(given),
      result: text,
      ...known,
      ...toolDetail(state, result.detail),
    });
    return { text, end };
  } catch (error) {
    if (state.execution.signal.aborted) throw error;
    const isToolError = error instanceof ToolError;
    const message = isToolError ? error.message : 'the tool failed inside the gateway.';
    const told = isToolError ? toolDetail(state, error.detail) : {};
    return failedCall(state, step, message, { arguments: given, ...known, ...told });
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
  const { owner: userId, agentId, depth = 0, callers = [] } = record;
  const caller = { userId, agentId, depth, callers };
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
