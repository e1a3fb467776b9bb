import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandToolDefinition } from '../../agents/tool-types/command.ts';
import { createMask } from '../mask.ts';
import { resolveValue, type HeaderSources } from '../request-headers.ts';
import { secretValues } from '../secret-values.ts';
import { compileParameters } from '../parameters.ts';
import type { ToolSource } from '../tool-source.ts';
import { ToolError } from '../tool.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import { fillTemplates } from './argument-template.ts';
import type { ProgramSlots } from './program-slots.ts';
import { ProgramRunner, type ProgramResult, type SignalGroup } from './program-runner.ts';

export interface CommandDependencies {
  /** The gateway's environment, for `{env: NAME}`; programs get PATH and LANG of it and no more. */
  env: Readonly<Record<string, string | undefined>>;
  secretVariables?: ReadonlySet<string>;
  /** Absent: no program may be run. */
  commands?: CommandPolicy;
}

export interface CommandPolicy {
  /** Absolute paths of the programs that may be run. */
  allow: readonly string[];
  signalGroup: SignalGroup;
  /** Those of the whole gateway. */
  slots: ProgramSlots;
}

/** Characters of a failed program's last lines that the model reads. */
const maximumExcerpt = 1000;

/** The tool that runs a program of the operator's, if the gateway's configuration allows that program. */
export class CommandSource implements ToolSource {
  readonly name: string;
  readonly #definition: CommandToolDefinition;
  readonly #deps: CommandDependencies;
  readonly #runner: ProgramRunner | undefined;
  readonly #tool: Tool;

  /** @throws Error when `parameters` is not a valid JSON Schema. */
  constructor(definition: CommandToolDefinition, deps: CommandDependencies) {
    const { name, command, parameters, timeoutSeconds } = definition;
    const { commands } = deps;
    this.name = name;
    this.#definition = definition;
    this.#deps = deps;
    if (commands?.allow.includes(command)) this.#runner = new ProgramRunner(commands.signalGroup);
    this.#tool = {
      name,
      description: definition.description ?? `Runs ${command}.`,
      parameters,
      sideEffects: definition.sideEffects ?? true,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      validate: compileParameters(parameters),
      execute: async (call) => {
        const run = async (): Promise<ToolResult> => await this.#execute(call);
        return commands ? await commands.slots.run(run, call.signal) : await run();
      },
    };
  }

  async tools(): Promise<readonly Tool[]> {
    this.#allowed();
    return [this.#tool];
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }

  #allowed(): ProgramRunner {
    if (this.#runner) return this.#runner;
    throw new ToolError(`TOOL_COMMANDS_ALLOW does not list ${this.#definition.command}, so it is not run.`);
  }

  async #execute(call: ToolCall): Promise<ToolResult> {
    call.signal.throwIfAborted();
    const runner = this.#allowed();
    const { command, args, env, workingDirectory } = this.#definition;
    const filled = fillTemplates(args, call.arguments);
    const declared = declaredEnvironment(env, { env: this.#deps.env, context: call.context });
    const mask = createMask(secretValues(env, declared.sources, this.#deps.secretVariables));
    // Nothing of an earlier call, or of the gateway's user, lies in the program's home.
    const home = await mkdtemp(join(tmpdir(), 'a2a-command-'));
    try {
      call.signal.throwIfAborted();
      const program = {
        command,
        args: filled,
        workingDirectory: workingDirectory ?? home,
        env: { ...this.#baseEnvironment(home), ...declared.values },
      };
      const result = await runner.run(program, call.signal).catch((error: unknown) => {
        throw new ToolError(`The program ${command} could not be started.`, { cause: error });
      });
      call.signal.throwIfAborted();
      return readResult(result, mask);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }

  #baseEnvironment(home: string): Record<string, string> {
    const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = this.#deps.env;
    return { PATH, LANG, HOME: home, TMPDIR: home };
  }
}

/** The declared variables; one whose context value is absent is left out. */
function declaredEnvironment(
  declared: CommandToolDefinition['env'],
  from: HeaderSources,
): { values: Record<string, string>; sources: Map<string, string> } {
  const values: Record<string, string> = {};
  const sources = new Map<string, string>();
  for (const [name, declaration] of Object.entries(declared)) {
    const value = resolveValue(declaration, from);
    if (value === undefined) continue;
    const prefix = typeof declaration === 'string' ? '' : (declaration.prefix ?? '');
    values[name] = prefix + value;
    if (typeof declaration !== 'string') sources.set(name, value);
  }
  return { values, sources };
}

/** What the model reads: the output, or why there is none. */
function readResult(
  { code, signal, output, errors }: ProgramResult,
  mask: (text: string) => string,
): ToolResult {
  const printed = mask(output.text()).trim();
  const complaints = mask(errors.text()).trim();
  if (code !== 0) {
    const how = signal === null ? `with the exit code ${code}` : `by ${signal}`;
    const last = (complaints || printed).slice(-maximumExcerpt).toWellFormed();
    throw new ToolError(`The program ended ${how}${last ? `: ${last}` : '.'}`);
  }
  const cut = output.truncated ? '\n[cut: the program printed more than 1 MB]' : '';
  return {
    text: printed ? printed + cut : 'The program ended without output.',
    summary: 'ended with the exit code 0',
    detail: { exitCode: 0, ...(complaints && { stderr: complaints.slice(-maximumExcerpt).toWellFormed() }) },
  };
}
