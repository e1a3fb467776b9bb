import type { HttpToolDefinition, KnowledgeToolDefinition, ToolDefinition } from '../agents/definition.ts';
import { createHttpTool } from './http/http-tool.ts';
import type { HttpToolDependencies } from './http/http-tool.ts';
import { createKnowledgeTool } from './knowledge/knowledge-tool.ts';
import type { Tool } from './tool.ts';

/** What the tools of one agent need from the gateway. */
export type ToolsetDependencies = HttpToolDependencies;

interface DefinitionByType {
  knowledge: KnowledgeToolDefinition;
  http: HttpToolDefinition;
}

type Factories = {
  [Type in keyof DefinitionByType]: (definition: DefinitionByType[Type], deps: ToolsetDependencies) => Tool;
};

const factories: Factories = {
  knowledge: (definition) => createKnowledgeTool(definition),
  http: createHttpTool,
};

/**
 * Makes an agent's tools from their definitions, in the same order. Nothing is read or connected yet.
 * @throws Error that names the tool when its parameters are not a valid JSON Schema.
 */
export function createToolset(definitions: readonly ToolDefinition[], deps: ToolsetDependencies): Tool[] {
  return definitions.map((definition) => {
    try {
      return create<ToolDefinition['type']>(definition.type, definition, deps);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`The tool ${definition.name} cannot be made: ${reason}`, { cause: error });
    }
  });
}

function create<Type extends keyof DefinitionByType>(
  type: Type,
  definition: DefinitionByType[Type],
  deps: ToolsetDependencies,
): Tool {
  return factories[type](definition, deps);
}
