import type { CommandToolDefinition } from '../../agents/tool-types/command.ts';
import { CommandSource, type CommandDependencies, type CommandPolicy } from '../command/command-source.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError, type Tool } from '../tool.ts';

export type HostCommandDependencies = Pick<CommandDependencies, 'env'> & Omit<CommandPolicy, 'allow'>;

/** The operator's commands for host_cli, which TOOLS_FILE itself allows. */
export class HostCommands {
  readonly tools: readonly Tool[];
  readonly #sources: readonly CommandSource[];

  /** @throws Error when the parameters of one are not a valid JSON Schema. */
  constructor(definitions: readonly CommandToolDefinition[], { env, ...shared }: HostCommandDependencies) {
    this.#sources = definitions.map((definition) => {
      const commands = { ...shared, allow: [definition.command] };
      return new CommandSource(definition, { env, commands, secretVariables: new Set() });
    });
    this.tools = definitions.map((definition, index) => commandTool(definition, this.#sources[index]));
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    await Promise.all(this.#sources.map(async (source) => await source.close()));
  }
}

function commandTool(definition: CommandToolDefinition, source: CommandSource | undefined): Tool {
  const { name, description = `Runs ${name}.`, parameters, timeoutSeconds } = definition;
  return {
    name,
    description,
    parameters,
    sideEffects: true,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    validate: compileParameters(parameters),
    execute: async (call) => {
      const [tool] = (await source?.tools()) ?? [];
      if (!tool) throw new ToolError(`The command ${name} cannot be run.`);
      return await tool.execute(call);
    },
  };
}
