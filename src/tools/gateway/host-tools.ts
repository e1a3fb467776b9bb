import { callWithin } from '../bounded-call.ts';
import { compileParameters } from '../parameters.ts';
import { ToolError, type Tool } from '../tool.ts';

/** What a command may take that says nothing else. */
const commandSeconds = 20;

const noParameters = { type: 'object', properties: {}, additionalProperties: false };

/** `host_list_commands`: answers `{commands: [{name, description, parameters}], count}`. */
export function createHostListCommandsTool(commands: readonly Tool[]): Tool {
  const list = commands.map(({ name, description, parameters }) => ({ name, description, parameters }));
  const text = JSON.stringify({ commands: list, count: list.length });
  return {
    name: 'host_list_commands',
    description: "Lists the operator's commands that host_cli runs.",
    parameters: noParameters,
    sideEffects: false,
    validate: compileParameters(noParameters),
    execute: async () => ({ text, summary: `${list.length} commands` }),
  };
}

interface CommandCall {
  command: string;
  arguments?: Record<string, unknown>;
}

/** `host_cli`: runs one of the operator's commands, without a shell; its answer is the command's. */
export function createHostCliTool(commands: readonly Tool[]): Tool {
  const parameters = cliParameters(commands);
  const fits = compileParameters(parameters);
  const limits = commands.map(({ timeoutSeconds = commandSeconds }) => timeoutSeconds);
  return {
    name: 'host_cli',
    description: "Runs one of the operator's commands on the gateway's host.",
    parameters,
    sideEffects: true,
    // The command that may take longest decides; each has its own limit within.
    timeoutSeconds: Math.max(...limits) + 1,
    validate: (args) => {
      const problems = fits(args);
      if (problems.length > 0) return problems;
      const { command, arguments: given = {} } = args as CommandCall;
      return commandOf(commands, command).validate(given).map(ofArguments);
    },
    execute: async (call) => {
      const { command, arguments: given = {} } = call.arguments as unknown as CommandCall;
      return await callWithin(commandOf(commands, command), { ...call, arguments: given }, commandSeconds);
    },
  };
}

function cliParameters(commands: readonly Tool[]) {
  return {
    type: 'object',
    properties: {
      command: {
        type: 'string',
        enum: commands.map(({ name }) => name),
        description: 'As host_list_commands names it.',
      },
      arguments: { type: 'object', description: "As the command's own parameters say." },
    },
    required: ['command'],
    additionalProperties: false,
  };
}

function commandOf(commands: readonly Tool[], name: string): Tool {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  throw new ToolError('There is no such command. host_list_commands lists those that there are.');
}

/** A sentence about a command's arguments, which stand in `arguments`. */
function ofArguments(sentence: string): string {
  return sentence.startsWith('the arguments ') ? sentence.slice('the '.length) : `arguments.${sentence}`;
}
