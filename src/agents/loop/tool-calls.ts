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
  const parsed = parseArguments(call.arguments);
  try {
    const tool = permittedTool(state, tools, call.name);
    const given = checkArguments(tool, parsed);
    const result = await execute(state, tool, given);
    const text = cut(state.mask.text(result.text), state.agent.limits.maxResultCharacters);
    const detail = { arguments: state.mask.json(given), result: text };
    return { text, end: step.completed(result.summary && state.mask.text(result.summary), detail) };
  } catch (error) {
    if (state.execution.signal.aborted) throw error;
    const text = state.mask.text(failureText(error));
    return {
      text,
      end: step.failed(undefined, { arguments: state.mask.json(parsed ?? call.arguments), error: text }),
    };
  }
}

function permittedTool(state: LoopState, tools: readonly Tool[], name: string): Tool {
  const { maxToolCalls } = state.agent.limits;
  state.toolCalls += 1;
  if (state.toolCalls > maxToolCalls)
    throw new ToolError(`Not executed: the limit of ${maxToolCalls} tool calls is reached.`);
  const tool = tools.find((one) => one.name === name);
  if (!tool)
    throw new ToolError(`There is no tool ${name}. There are: ${tools.map((one) => one.name).join(', ')}.`);
  return tool;
}

function checkArguments(tool: Tool, given: JsonObject | undefined): JsonObject {
  if (!given) throw new ToolError('The arguments are not a JSON object.');
  const problems = tool.validate(given);
  if (problems.length > 0) throw new ToolError(`The arguments do not fit: ${problems.join('; ')}.`);
  return given;
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
    const result = tool.execute({ arguments: given, context: state.execution.contextValues, signal });
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

function failureText(error: unknown): string {
  return error instanceof ToolError
    ? `Error: ${error.message}`
    : 'Error: the tool failed inside the gateway.';
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
