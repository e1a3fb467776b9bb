import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandToolType, type CommandToolDefinition } from './agents/tool-types/command.ts';
import { headerReference, type HeaderValue } from './agents/declared-headers.ts';
import type { JsonSchema } from './agents/definition.ts';
import { asDraft2020 } from './agents/json-schema.ts';
import { objectSchema, text, textOr, toolName } from './agents/schema-parts.ts';
import { everyTool, type ToolScope } from './agents/tool-types/tool-type.ts';
import type { Variables } from './config-variables.ts';
import type { RejectFile } from './config-yaml.ts';

/** A command of host_cli as TOOLS_FILE writes it. */
export interface WrittenCommand {
  name: string;
  description?: string;
  /** The program's absolute path, then its arguments, in which `{parameter}` stands for one of the call's. */
  command: [program: string, ...args: string[]];
  parameters?: JsonSchema;
  env?: Record<string, HeaderValue>;
  workingDirectory?: string;
  timeoutSeconds?: number;
}

const variable = { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 128 };

export const hostCommandsSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: {
    type: 'object',
    required: ['name', 'command'],
    additionalProperties: false,
    properties: {
      name: toolName,
      description: text(1024),
      command: { type: 'array', minItems: 1, maxItems: 101, items: { type: 'string', maxLength: 4096 } },
      parameters: objectSchema,
      env: {
        type: 'object',
        maxProperties: 50,
        propertyNames: variable,
        additionalProperties: textOr({ type: 'string', maxLength: 4096 }, headerReference),
      },
      workingDirectory: text(1024),
      timeoutSeconds: everyTool.timeoutSeconds,
    },
  },
};

export interface CommandPlace {
  /** That of the file: relative paths start there. */
  folder: string;
  variables: Variables;
  reject: RejectFile;
}

const noParameters: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

/** A command of the gateway's own has no context values, and nothing else to refer to. */
const noScope: ToolScope = { variables: [], dataSources: new Set(), dataPermissions: {} };

/** The commands as they are run; what is wrong with them is noted. */
export function readHostCommands(
  written: readonly WrittenCommand[],
  { folder, variables, reject }: CommandPlace,
): CommandToolDefinition[] {
  const names = new Set<string>();
  return written.map((one, index) => {
    const at = `/host_cli/commands/${index}`;
    if (names.has(one.name)) reject(`${at}/name is taken by another command`);
    names.add(one.name);
    const definition = commandOf(one, folder);
    for (const { path, reason } of commandToolType.findings(definition, [], noScope)) {
      reject(`${at}/${path.join('/')} ${reason}`);
    }
    for (const [variable, value] of Object.entries(definition.env)) {
      if (typeof value !== 'string' && 'env' in value && variables.text(value.env) === undefined) {
        reject(`${at}/env/${variable}/env must name a variable that is set`);
      }
    }
    const place = definition.workingDirectory;
    if (place !== undefined && !statSync(place, { throwIfNoEntry: false })?.isDirectory()) {
      reject(`${at}/workingDirectory is not a folder that exists (seen from the folder of this file)`);
    }
    return definition;
  });
}

function commandOf(
  { command: [program, ...args], parameters: schema, workingDirectory: place, ...rest }: WrittenCommand,
  folder: string,
): CommandToolDefinition {
  return {
    env: {},
    ...rest,
    type: 'command',
    command: program,
    args,
    parameters: schema ? asDraft2020(schema) : noParameters,
    ...(place !== undefined && { workingDirectory: resolve(folder, place) }),
  };
}
