import type { AgentToolDefinition } from '../../agents/tool-types/agent.ts';
import { compileParameters } from '../parameters.ts';
import type { Delegation } from '../delegation.ts';
import type { Tool } from '../tool.ts';
import type { ToolSource } from '../tool-source.ts';

const parameters = {
  type: 'object',
  properties: {
    message: {
      type: 'string',
      minLength: 1,
      maxLength: 50_000,
      description: 'What it is to do, with all that it must know: it sees nothing of this conversation.',
    },
  },
  required: ['message'],
  additionalProperties: false,
} as const;

/** A tool that asks another agent. Its description is the other agent's own, where the declaration has none. */
export function createAgentTool(definition: AgentToolDefinition, delegation: Delegation): ToolSource {
  const { name, agent, sideEffects = true, timeoutSeconds } = definition;
  const validate = compileParameters(parameters);
  const description = (): string =>
    definition.description ?? (agent && delegation.describe(agent)) ?? 'Asks another agent.';
  const tool = (): Tool => ({
    name,
    description: description(),
    parameters,
    sideEffects,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    validate,
    execute: async (call) => {
      const { message } = call.arguments as { message: string };
      return await delegation.delegate(definition, message, call);
    },
  });
  return { name, tools: async () => [tool()] };
}
