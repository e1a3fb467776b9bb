import { randomUUID } from 'node:crypto';
import type { Principal } from '../../auth/principal.ts';
import { hopsKey } from '../../runs/hops.ts';
import type { Json, JsonObject, Message } from '../../runs/message.ts';
import { ToolError, type ToolCall } from '../../tools/tool.ts';
import type { DeclaredExecution } from '../definition.ts';
import type { AgentToolDefinition } from '../tool-types/agent.ts';

/** One agent's call of another one. */
export interface DelegatedCall {
  /** The agent that asks. */
  parent: DeclaredExecution;
  tool: AgentToolDefinition;
  /** What it says. */
  message: string;
  call: ToolCall;
}

/** What the other agent is called in messages. */
export function nameOf({ agent, card }: AgentToolDefinition): string {
  return agent ?? new URL(card ?? '').host;
}

/** @throws ToolError that names the agents which stand above each other */
export function refuseTooDeep({ parent: { limits }, tool, call: { caller } }: DelegatedCall): void {
  if (caller.depth < limits.maxDepth) return;
  const chain = [...callersOf(caller), nameOf(tool)].join(' → ');
  throw new ToolError(
    `Not delegated: ${chain} would be deeper than the limit of ${limits.maxDepth} (limits.maxDepth). Answer without it.`,
  );
}

/** The agents of this gateway that stand above the other one: none where a user calls the tool directly. */
export function callersOf({ callers = [], agentId }: ToolCall['caller']): string[] {
  return agentId === undefined ? [...callers] : [...callers, agentId];
}

/** What the other agent is sent. The way to another server counts when it is sent there. */
export function childMessage({ tool, message, call: { caller } }: DelegatedCall): Message {
  const hops = tool.card === undefined ? caller.depth + 1 : caller.depth;
  return {
    messageId: randomUUID(),
    role: 'ROLE_USER',
    parts: [{ text: message }],
    metadata: { [hopsKey]: hops },
  };
}

/** The same user; of the token only the claims that the asking agent was given. */
export function principalOf({ caller: { userId } }: ToolCall, claims: Principal['claims']): Principal {
  return {
    userId,
    role: 'user',
    kind: 'api-key',
    assignedAgents: new Set(),
    claims,
    anonymousAllowed: false,
  };
}

/** The context values that headers name: kept sealed, as they are credentials most of the time. */
export function headerValues({ tool: { headers }, call: { context } }: DelegatedCall): JsonObject {
  const values = Object.values(headers).flatMap((header): [string, Json][] => {
    if (typeof header === 'string' || !('context' in header)) return [];
    const value = context[header.context];
    return value === undefined ? [] : [[header.context, value as Json]];
  });
  return Object.fromEntries(values);
}
