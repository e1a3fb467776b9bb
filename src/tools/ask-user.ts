import type { AskUserToolDefinition } from '../agents/tool-types/ask-user.ts';
import { compileParameters } from './parameters.ts';
import { ToolError, type Tool } from './tool.ts';

const parameters = {
  type: 'object',
  properties: {
    // Not called `question`: the offline provider takes that for the user's own one.
    text: {
      type: 'string',
      minLength: 1,
      maxLength: 4000,
      description: 'One question, as the user reads it. Ask only for what nothing else can tell you.',
    },
    choices: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      maxItems: 20,
      description: 'Answers to choose from, where there are only these.',
    },
  },
  required: ['text'],
  additionalProperties: false,
} as const;

/** A tool whose result is the user's answer: the loop hands the question to the user in place of executing it. */
export function createAskUserTool({ name, description }: AskUserToolDefinition): Tool {
  return {
    name,
    description: description ?? 'Asks the user a question.',
    parameters,
    sideEffects: false,
    asksUser: true,
    validate: compileParameters(parameters),
    execute: async () => {
      throw new ToolError('A question can only be asked in a task of an agent.');
    },
  };
}
