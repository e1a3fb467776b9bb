import type { AgentToolDefinition } from '../agents/tool-types/agent.ts';
import type { ToolCall, ToolResult } from './tool.ts';

/** What the gateway does for tools that are agents. */
export interface Delegation {
  /**
   * Runs the other agent and waits for its end; what it does is told as steps of the call.
   * @throws ToolError with a sentence for whatever keeps it from an answer; the signal's reason when it aborts.
   */
  delegate(tool: AgentToolDefinition, message: string, call: ToolCall): Promise<ToolResult>;
  /** What an agent of this gateway says of itself; undefined when there is none of that id. */
  describe(agentId: string): string | undefined;
}
