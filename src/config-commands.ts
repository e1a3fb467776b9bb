import { isAbsolute } from 'node:path';
import type { Variables } from './config-variables.ts';

/** TOOL_COMMANDS_ALLOW: the programs that tools of the type `command` may run; none unless it lists them. */
export function readToolCommands(variables: Variables): string[] {
  return variables.list(
    'TOOL_COMMANDS_ALLOW',
    isAbsolute,
    'must be absolute paths of programs with commas between',
  );
}
