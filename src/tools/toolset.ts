import type { AgentToolDefinition } from '../agents/tool-types/agent.ts';
import type { AskUserToolDefinition } from '../agents/tool-types/ask-user.ts';
import type { HttpToolDefinition } from '../agents/tool-types/http.ts';
import type { KnowledgeToolDefinition } from '../agents/tool-types/knowledge.ts';
import type { SqlToolDefinition } from '../agents/tool-types/sql.ts';
import type { CommandToolDefinition } from '../agents/tool-types/command.ts';
import type { OpenApiToolDefinition } from '../agents/tool-types/openapi.ts';
import type { McpToolDefinition } from '../agents/tool-types/mcp.ts';
import type { ToolDefinition } from '../agents/tool-types/tool-types.ts';
import { createAgentTool } from './agent/agent-tool.ts';
import { createAskUserTool } from './ask-user.ts';
import type { Delegation } from './delegation.ts';
import { CommandSource, type CommandDependencies } from './command/command-source.ts';
import { createHttpTool } from './http/http-tool.ts';
import type { HttpToolDependencies } from './http/http-tool.ts';
import { createKnowledgeTool } from './knowledge/knowledge-tool.ts';
import { createSqlSource, type SqlToolDependencies } from './sql/sql-tool.ts';
import { OpenApiSource } from './openapi/openapi-source.ts';
import { createMcpSource, type McpDependencies } from './mcp/mcp-source.ts';
import type { KnowledgeToolDependencies } from './knowledge/knowledge-tool.ts';
import { sourceOf, type ToolSource } from './tool-source.ts';
import { onTerms } from './tool-terms.ts';

/** What the tools of one agent need from the gateway. */
export type ToolsetDependencies = HttpToolDependencies &
  KnowledgeToolDependencies &
  SqlToolDependencies &
  CommandDependencies &
  McpDependencies & { delegation: Delegation };

interface DefinitionByType {
  knowledge: KnowledgeToolDefinition;
  http: HttpToolDefinition;
  sql: SqlToolDefinition;
  openapi: OpenApiToolDefinition;
  command: CommandToolDefinition;
  mcp: McpToolDefinition;
  ask_user: AskUserToolDefinition;
  agent: AgentToolDefinition;
}

type Factories = {
  [Type in keyof DefinitionByType]: (
    definition: DefinitionByType[Type],
    deps: ToolsetDependencies,
  ) => ToolSource;
};

/** One row per type. What is large or optional is loaded by its source, with the first run that needs it. */
const factories: Factories = {
  knowledge: (definition, deps) => sourceOf(createKnowledgeTool(definition, deps)),
  http: (definition, deps) => sourceOf(createHttpTool(definition, deps)),
  sql: createSqlSource,
  openapi: (definition, deps) => new OpenApiSource(definition, deps),
  command: (definition, deps) => new CommandSource(definition, deps),
  mcp: createMcpSource,
  ask_user: (definition) => sourceOf(createAskUserTool(definition)),
  agent: (definition, { delegation }) => createAgentTool(definition, delegation),
};

/**
 * Makes the sources of an agent's tools from their definitions, in the same order. Nothing is read or connected yet.
 * @throws Error that names the tool when its parameters are not a valid JSON Schema.
 */
export function createToolSources(
  definitions: readonly ToolDefinition[],
  deps: ToolsetDependencies,
): ToolSource[] {
  return definitions.map((definition) => {
    try {
      return onTerms(definition, create<ToolDefinition['type']>(definition.type, definition, deps));
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
): ToolSource {
  return factories[type](definition, deps);
}
