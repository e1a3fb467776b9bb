import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { FilePath, Finding } from '../agent-file.ts';
import { headerFindings, headerReference, type HeaderValue } from '../declared-headers.ts';
import type { JsonSchema } from '../definition.ts';
import { asDraft2020, schemaProblem } from '../json-schema.ts';
import { closed, list, matching, objectSchema, text, textOr } from '../schema-parts.ts';
import { environmentNameFindings } from './environment-names.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** A program of the operator's, run once per call and without a shell. */
export interface CommandToolDefinition extends ToolDefinitionBase {
  type: 'command';
  /** Absolute path; it is run only if TOOL_COMMANDS_ALLOW lists it. */
  command: string;
  /** One argument of the program each; `{parameter}` stands for an argument of the call. */
  args: string[];
  /** JSON Schema of the arguments. */
  parameters: JsonSchema;
  /** Absolute path; absent: an empty folder of the call's own. */
  workingDirectory?: string;
  /** Environment variables of the program, beside PATH, LANG, HOME and TMPDIR: it gets no other. */
  env: Record<string, HeaderValue>;
}

export type WrittenCommandTool = WrittenToolBase &
  Pick<CommandToolDefinition, 'type' | 'command' | 'workingDirectory'> &
  Partial<Pick<CommandToolDefinition, 'args' | 'parameters' | 'env'>>;

const noParameters: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

const variables = {
  type: 'object',
  maxProperties: 50,
  propertyNames: matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', 128),
  additionalProperties: textOr({ type: 'string', maxLength: 4096 }, headerReference),
};

export const commandToolType: ToolType<WrittenCommandTool, CommandToolDefinition> = {
  schema: closed(
    {
      ...everyTool,
      type: { const: 'command' },
      command: text(1024),
      args: list({ type: 'string', maxLength: 4096 }),
      parameters: objectSchema,
      workingDirectory: text(1024),
      env: variables,
    },
    ['name', 'type', 'command'],
  ),
  findings: (tool, path, scope) => [
    ...commandFindings(tool, path),
    ...argumentFindings(tool, path),
    ...environmentNameFindings(tool.env ?? {}, [...path, 'env']),
    ...headerFindings(tool.env ?? {}, [...path, 'env'], variableNames(scope.variables)),
  ],
  async define({ workingDirectory, ...tool }, folder) {
    const place = workingDirectory === undefined ? undefined : resolve(folder, workingDirectory);
    if (place !== undefined && !(await isDirectory(place))) {
      const reason = `${JSON.stringify(workingDirectory)} is not a folder that exists (seen from the agent file)`;
      return { finding: { path: ['workingDirectory'], reason } };
    }
    return {
      definition: {
        sideEffects: true,
        args: [],
        env: {},
        ...tool,
        parameters: tool.parameters ? asDraft2020(tool.parameters) : noParameters,
        ...(place !== undefined && { workingDirectory: place }),
      },
    };
  },
};

function commandFindings({ command, parameters }: WrittenCommandTool, path: FilePath): Finding[] {
  const findings: Finding[] = [];
  if (!isAbsolute(command)) {
    findings.push({ path: [...path, 'command'], reason: 'must be the absolute path of a program' });
  }
  const problem = parameters && schemaProblem(parameters);
  if (problem) findings.push({ path: [...path, 'parameters'], reason: `does not compile: ${problem}` });
  return findings;
}

function argumentFindings({ args = [], parameters }: WrittenCommandTool, path: FilePath): Finding[] {
  const properties = parameters?.properties ?? {};
  return args.flatMap((template, index) =>
    [...template.matchAll(/\{([A-Za-z_][\w-]*)\}/g)]
      .filter(([, name = '']) => !Object.hasOwn(properties, name))
      .map(([placeholder]) => ({
        path: [...path, 'args', index],
        reason: `${placeholder} is not one of parameters.properties`,
      })),
  );
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
