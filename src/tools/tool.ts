import type { StepType } from '../runs/event.ts';
import type { JsonObject } from '../runs/message.ts';

/** The tool port: something that a model may call, or a caller directly over REST. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments (an object schema). */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether it changes something outside: decides whether a lost run may be executed again. */
  readonly sideEffects: boolean;
  /** Whether each call waits until the user has approved it; whoever cannot wait refuses the call. */
  readonly needsApproval?: boolean;
  /** Whether its calls are questions to the user: they are never executed, the user's answer is their result. */
  readonly asksUser?: boolean;
  /** Whether its calls are billed. */
  readonly agentic?: boolean;
  /** What one call costs, US dollars; absent: nothing. */
  readonly priceUsd?: number;
  /** Seconds; absent: the agent's `limits.toolTimeoutSeconds`. */
  readonly timeoutSeconds?: number;
  /** Name of the declaration that brought it; absent: its own. */
  readonly source?: string;
  /** Arguments that do not fit `parameters`, as sentences; empty when they do. */
  validate(args: unknown): string[];
  /**
   * Runs the tool once with validated arguments.
   * @throws ToolError with a sentence that the model (or the caller) can act on; the signal's reason when it aborts.
   */
  execute(call: ToolCall): Promise<ToolResult>;
}

export interface ToolCall {
  arguments: Readonly<Record<string, unknown>>;
  /** The run's context values, the secret ones included. */
  context: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
  /** For whom it is called. */
  caller: ToolCaller;
  /** Tells what happens inside the tool, as steps below its own; what a tool does not tell is not shown. */
  report?: (step: ToolStep) => void;
}

/** For whom a tool is called. */
export interface ToolCaller {
  userId: string;
  /** The agent that calls it; absent: a user calls it directly. */
  agentId?: string;
  /** How many agents stand above this call, one delegating to the next: 0 for the agent that the user called. */
  depth: number;
  /** Those of them that are of this gateway, the first one first. */
  callers?: readonly string[];
}

/** A step inside a tool: it begins with `in_progress` and ends once, under the same id. */
export interface ToolStep {
  /** Unique within the call. */
  id: string;
  /** Another step of the same call that it happens in; absent: the tool's own step. */
  parentId?: string;
  /** Default `tool_execution`. */
  type?: StepType;
  name: string;
  status: 'in_progress' | 'completed' | 'failed';
  /** The tool that is called in it. */
  tool?: string;
  summary?: string;
}

export interface ToolResult {
  /** What the model reads. */
  text: string;
  /** One short line for the step that callers see; never holds arguments or results in full. */
  summary?: string;
  /** What the probe shows beside the text: the SQL, the tables, the pages that it used. Never a secret. */
  detail?: JsonObject;
}

/** A tool that could not do it; the message is shown to the model and in the probe, so it holds no secret. */
export class ToolError extends Error {
  /** As of ToolResult. */
  readonly detail?: JsonObject;

  constructor(message: string, { detail, ...options }: ErrorOptions & { detail?: JsonObject } = {}) {
    super(message, options);
    this.name = 'ToolError';
    if (detail) this.detail = detail;
  }
}
