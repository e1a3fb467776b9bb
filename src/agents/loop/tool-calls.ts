import type { ModelMessage, ModelToolCall } from '../../llm/model.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';
import type { JsonObject } from '../../runs/message.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';

interface FinishedCall {
  index: number;
  /** What the model reads; a failure is a result too. */
  text: string;
  end: ExecutorEvent;
}

/** One round of tool calls. */
export interface ToolRound {
  calls: readonly ModelToolCall[];
  /** Those that the model was offered; no other one is executed. */
  tools: readonly Tool[];
  iteration: number;
}

/** Runs the model's tool calls in parallel, each as one step; returns their results in the order of the calls. */
export async function* callTools(
  state: LoopState,
  { calls, tools, iteration }: ToolRound,
): AsyncGenerator<ExecutorEvent, ModelMessage[], undefined> {
  const started = calls.map((call) => ({
    call,
    step: state.steps.start('tool_execution', call.name, { iteration, tool: call.name }),
  }));
  // All starts are told before anything runs: whoever leaves in between leaves no call behind.
  for (const { step } of started) yield step.started;
  const running = new Map(
    started.map(({ call, step }, index): [number, Promise<FinishedCall>] => [
      index,
      runCall(state, tools, call, step).then((finished) => ({ ...finished, index })),
    ]),
  );
  const results: ModelMessage[] = [];
  while (running.size > 0) {
    const finished = await Promise.race(running.values());
    running.delete(finished.index);
    yield finished.end;
    const call = calls[finished.index];
    if (call) results[finished.index] = { role: 'tool', toolCallId: call.id, content: finished.text };
  }
  return results;
}

async function runCall(
  state: LoopState,
  tools: readonly Tool[],
  call: ModelToolCall,
  step: StartedStep,
): Promise<Omit<FinishedCall, 'index'>> {
  const given = parseArguments(call.arguments);
  const tool = tools.find((one) => one.name === call.name);
  state.toolCalls += 1;
  const failed = (text: string): Omit<FinishedCall, 'index'> => {
    const masked = state.mask.text(`Error: ${text}`);
    const detail = { arguments: state.mask.json(given ?? call.arguments), error: masked };
    return { text: masked, end: step.failed(undefined, detail) };
  };
  // Models make such mistakes all the time: a value, not an exception with its stack.
  if (!tool)
    return failed(`There is no tool ${call.name}. There are: ${tools.map((one) => one.name).join(', ')}.`);
  if (!given) return failed('The arguments are not a JSON object.');
  const refusal = refusalOf(state, tool, given);
  if (refusal !== undefined) return failed(refusal);
  try {
    const result = await execute(state, tool, given);
    const text = cut(state.mask.text(result.text), state.agent.limits.maxResultCharacters);
    const detail = { arguments: state.mask.json(given), result: text };
    return { text, end: step.completed(result.summary && state.mask.text(result.summary), detail) };
  } catch (error) {
    if (state.execution.signal.aborted) throw error;
    return failed(error instanceof ToolError ? error.message : 'the tool failed inside the gateway.');
  }
}

/** Why the call is not executed; undefined when it may be. */
function refusalOf(state: LoopState, tool: Tool, given: JsonObject): string | undefined {
  const { maxToolCalls } = state.agent.limits;
  if (state.toolCalls > maxToolCalls)
    return `Not executed: the limit of ${maxToolCalls} tool calls is reached.`;
  const problems = tool.validate(given);
  return problems.length > 0 ? `The arguments do not fit: ${problems.join('; ')}.` : undefined;
}

async function execute(
  state: LoopState,
  tool: Tool,
  given: JsonObject,
): Promise<{ text: string; summary?: string }> {
  const seconds = tool.timeoutSeconds ?? state.agent.limits.toolTimeoutSeconds;
  const timeout = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const signal = AbortSignal.any([state.execution.signal, timeout]);
  try {
    signal.throwIfAborted();
    const { contextValues: context, record } = state.execution;
    const caller = { userId: record.owner, agentId: record.agentId, depth: record.depth ?? 0 };
    const result = tool.execute({ arguments: given, context, signal, caller });
    return await unlessAborted(result, signal);
  } catch (error) {
    if (timeout.aborted) throw new ToolError(`The tool did not answer within ${seconds} s.`);
    throw error;
  }
}

/** A tool that does not heed its signal must not hold up the run. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
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

function cut(text: string, most: number): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most).toWellFormed()}\n[cut: ${text.length - most} more characters]`;
}
