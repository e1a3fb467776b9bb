import { closed } from '../schema-parts.ts';
import { everyTool, type ToolDefinitionBase, type ToolType, type WrittenToolBase } from './tool-type.ts';

/** Lets the model ask the user something; the run waits for the answer. */
export interface AskUserToolDefinition extends ToolDefinitionBase {
  type: 'ask_user';
}

export type WrittenAskUserTool = WrittenToolBase & Pick<AskUserToolDefinition, 'type'>;

/** It is never executed, so there is nothing to approve, to bill or to time. */
const { name, description } = everyTool;

export const askUserToolType: ToolType<WrittenAskUserTool, AskUserToolDefinition> = {
  schema: closed({ name, description, type: { const: 'ask_user' } }, ['name', 'type']),
  findings: () => [],
  define: async (tool) => ({ definition: { sideEffects: false, ...tool } }),
};
