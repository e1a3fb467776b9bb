import type { FilePath, Finding, WrittenVariable } from '../agent-file.ts';
import type { DataPermissions } from '../data-permissions.ts';
import type { ContextVariable } from '../definition.ts';
import { flag, oneOf, text, toolName } from '../schema-parts.ts';

/** What every tool of an agent has, whatever its type. */
export interface ToolDefinitionBase {
  /** What the model calls it; where a declaration brings several tools, the beginning of their names. */
  name: string;
  description?: string;
  timeoutSeconds?: number;
  /** Whether it changes something outside; absent: as its type has it. */
  sideEffects?: boolean;
  /** Whether a call waits until the user has approved it. */
  approval?: 'required';
  /** Whether its calls are billed. */
  agentic?: boolean;
  /** What one call costs, US dollars. */
  priceUsd?: number;
}

export type WrittenToolBase = ToolDefinitionBase;

/** What a tool may refer to. */
export interface ToolScope {
  variables: readonly WrittenVariable[];
  /** Ids of the configured data sources. */
  dataSources: ReadonlySet<string>;
  dataPermissions: DataPermissions;
  /** MCP_COMMANDS_ALLOW. */
  mcpCommandsAllow?: readonly string[];
}

/** The definition, its files looked up and its defaults filled in; or what is wrong, `path` seen from the tool. */
export type Defined<Definition> = { definition: Definition } | { finding: Finding };

/** A type of tools in the agent file: its form, its rules, its defaults. */
export interface ToolType<Written extends WrittenToolBase, Definition extends ToolDefinitionBase> {
  /** JSON Schema of one tool: a closed object. */
  readonly schema: object;
  /** What the schema cannot say. */
  findings(tool: Written, path: FilePath, scope: ToolScope): Finding[];
  /** @param folder that of the agent file: relative paths start there */
  define(tool: Written, folder: string): Promise<Defined<Definition>>;
}

/** The properties that the schema of every type begins with. */
export const everyTool = {
  name: toolName,
  description: text(1024),
  timeoutSeconds: { type: 'number', minimum: 0.1, maximum: 600 },
  sideEffects: flag,
  approval: oneOf('required'),
  agentic: flag,
  priceUsd: { type: 'number', minimum: 0, maximum: 1000 },
};

export function variableNames(variables: readonly Pick<ContextVariable, 'name'>[]): ReadonlySet<string> {
  return new Set(variables.map(({ name }) => name));
}
