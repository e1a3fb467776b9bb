/** The tool port: something that a model may call, or a caller directly over REST. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments (an object schema). */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether it changes something outside: decides whether a lost run may be executed again. */
  readonly sideEffects: boolean;
  /** Seconds; absent: the agent's `limits.toolTimeoutSeconds`. */
  readonly timeoutSeconds?: number;
  /** Arguments that do not fit `parameters`, as sentences; empty when they do. */
  validate(args: unknown): string[];
  /**
   * Runs the tool once with validated arguments.
   * @throws ToolError with a sentence that the model (or the caller) can act on; the signal's reason when it aborts.
   */
  execute(call: ToolCall): Promise<ToolResult>;
  /** Releases what it holds (connections, watchers); called once, when its agent's revision is gone. */
  close?(): Promise<void>;
}

export interface ToolCall {
  arguments: Readonly<Record<string, unknown>>;
  /** The run's context values, the secret ones included. */
  context: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
}

export interface ToolResult {
  /** What the model reads. */
  text: string;
  /** One short line for the step that callers see; never holds arguments or results in full. */
  summary?: string;
}

/** A tool that could not do it; the message is shown to the model and in the probe, so it holds no secret. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ToolError';
  }
}
