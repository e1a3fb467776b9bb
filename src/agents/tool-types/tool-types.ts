import type { FilePath, Finding } from '../agent-file.ts';
import { agentToolType, type AgentToolDefinition, type WrittenAgentTool } from './agent.ts';
import { askUserToolType, type AskUserToolDefinition, type WrittenAskUserTool } from './ask-user.ts';
import { httpToolType, type HttpToolDefinition, type WrittenHttpTool } from './http.ts';
import { knowledgeToolType, type KnowledgeToolDefinition, type WrittenKnowledgeTool } from './knowledge.ts';
import { openApiToolType, type OpenApiToolDefinition, type WrittenOpenApiTool } from './openapi.ts';
import { commandToolType, type CommandToolDefinition, type WrittenCommandTool } from './command.ts';
import { mcpToolType, type McpToolDefinition, type WrittenMcpTool } from './mcp.ts';
import { sqlToolType, type SqlToolDefinition, type WrittenSqlTool } from './sql.ts';
import type { Defined, ToolScope, ToolType } from './tool-type.ts';

export type ToolDefinition =
  | KnowledgeToolDefinition
  | HttpToolDefinition
  | SqlToolDefinition
  | OpenApiToolDefinition
  | McpToolDefinition
  | CommandToolDefinition
  | AskUserToolDefinition
  | AgentToolDefinition;
export type WrittenTool =
  | WrittenKnowledgeTool
  | WrittenHttpTool
  | WrittenSqlTool
  | WrittenOpenApiTool
  | WrittenMcpTool
  | WrittenCommandTool
  | WrittenAskUserTool
  | WrittenAgentTool;

/** One row per type of tools. */
const toolTypes = {
  knowledge: knowledgeToolType,
  http: httpToolType,
  sql: sqlToolType,
  openapi: openApiToolType,
  command: commandToolType,
  mcp: mcpToolType,
  ask_user: askUserToolType,
  agent: agentToolType,
};

/** The row of a tool. */
function typeOf(tool: WrittenTool): ToolType<WrittenTool, ToolDefinition> {
  return toolTypes[tool.type];
}

/** JSON Schema of one of `execution.tools`. `description` is what the report says of an unknown type. */
export const toolSchema = {
  type: 'object',
  properties: { type: { type: 'string' } },
  required: ['type'],
  discriminator: { propertyName: 'type' },
  description: `one of ${Object.keys(toolTypes).join(', ')} in this release`,
  oneOf: Object.values(toolTypes).map(({ schema }) => schema),
};

/** What is wrong with one of `execution.tools` beyond its form. */
export function toolFindings(tool: WrittenTool, path: FilePath, scope: ToolScope): Finding[] {
  return typeOf(tool).findings(tool, path, scope);
}

/** The definitions of an agent's tools, in order, and what of their files is wrong. `path` is that of the list. */
export async function defineTools(
  tools: readonly WrittenTool[],
  path: FilePath,
  folder: string,
): Promise<{ definitions: ToolDefinition[]; findings: Finding[] }> {
  const defined: Defined<ToolDefinition>[] = [];
  for (const tool of tools) defined.push(await typeOf(tool).define(tool, folder));
  return {
    definitions: defined.flatMap((one) => ('definition' in one ? [one.definition] : [])),
    findings: defined.flatMap((one, index) =>
      'finding' in one ? [{ ...one.finding, path: [...path, index, ...one.finding.path] }] : [],
    ),
  };
}
