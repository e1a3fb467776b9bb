import type { Tool } from './tool.ts';

/**
 * The tools of one declaration of an agent: one, or as many as a document or a server has. It lives as long as the
 * agent's revision, and holds what its tools share (connections, child processes, indexes).
 */
export interface ToolSource {
  /** The declaration's name: scenarios name it, and its tools with it. */
  readonly name: string;
  /**
   * The tools as they are now; asked at the beginning of each run, so what can be kept is kept.
   * @param context the run's context values, the secret ones included; absent: there is no run
   * @throws ToolError with a sentence when they cannot be had now; the signal's reason when it aborts.
   */
  tools(signal: AbortSignal, context?: Readonly<Record<string, unknown>>): Promise<readonly Tool[]>;
  /** Releases what it holds; called once, when its agent's revision is gone or the gateway stops. */
  close?(): Promise<void>;
}

/** The source of a declaration that is one tool. */
export function sourceOf(tool: Tool): ToolSource {
  const tools = [tool];
  return { name: tool.name, tools: async () => tools };
}
