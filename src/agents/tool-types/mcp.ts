import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isAllowedCommand } from '../../tools/allowed-commands.ts';
import type { FilePath, Finding } from '../agent-file.ts';
import { credentialName, headerFindings, headers, type HeaderValue } from '../declared-headers.ts';
import { environmentNameFindings } from './environment-names.ts';
import { closed, list, matching, text, textOr } from '../schema-parts.ts';
import {
  everyTool,
  variableNames,
  type ToolDefinitionBase,
  type ToolScope,
  type ToolType,
  type WrittenToolBase,
} from './tool-type.ts';

/** The tools of a server of the Model Context Protocol. */
export interface McpToolDefinition extends ToolDefinitionBase {
  type: 'mcp';
  server: McpCommand | McpAddress;
  /** The server's names of those that the agent gets; absent: all of them. */
  tools?: string[];
  /** Whether the file says `sideEffects`; otherwise each tool is as the server describes it. */
  sideEffectsDeclared: boolean;
}

/** A server that the gateway starts and speaks to over its standard input and output. */
export interface McpCommand {
  /** The program and its arguments. */
  command: string[];
  env: Record<string, EnvironmentValue>;
  /** Absolute; absent: the gateway's own working folder. */
  cwd?: string;
}

/** A server that is reached over streamable HTTP. */
export interface McpAddress {
  url: string;
  headers: Record<string, HeaderValue>;
}

/** A literal, or an environment variable of the gateway's. */
export type EnvironmentValue = string | { env: string };

export type WrittenMcpTool = WrittenToolBase &
  Pick<McpToolDefinition, 'type' | 'tools'> &
  Partial<McpCommand & McpAddress>;

const variable = matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', 128);

const schema = closed(
  {
    ...everyTool,
    type: { const: 'mcp' },
    command: { ...list(text(2048), 64), minItems: 1 },
    env: {
      type: 'object',
      maxProperties: 50,
      propertyNames: variable,
      additionalProperties: textOr({ type: 'string', maxLength: 4096 }, closed({ env: variable }, ['env'])),
    },
    cwd: text(1024),
    url: matching('^https?://[^/]', 'an http(s) address', 2048),
    headers,
    tools: { ...list(text(128), 128), minItems: 1 },
  },
  ['name', 'type'],
);

export const mcpToolType: ToolType<WrittenMcpTool, McpToolDefinition> = {
  schema,
  findings: (tool, path, scope) => [
    ...shapeFindings(tool, path),
    ...commandFindings(tool, path, scope),
    ...environmentNameFindings(tool.env ?? {}, [...path, 'env']),
    ...environmentFindings(tool.env ?? {}, [...path, 'env']),
    ...addressFindings(tool, path),
    ...headerFindings(tool.headers ?? {}, [...path, 'headers'], variableNames(scope.variables)),
  ],
  async define(tool, folder) {
    const { command, env = {}, cwd, url = '', headers = {}, ...rest } = tool;
    const declared = { sideEffects: true, ...rest, sideEffectsDeclared: tool.sideEffects !== undefined };
    if (!command) return { definition: { ...declared, server: { url, headers } } };
    if (cwd === undefined) return { definition: { ...declared, server: { command, env } } };
    const absolute = resolve(folder, cwd);
    if (!(await isDirectory(absolute))) {
      const reason = `${JSON.stringify(cwd)} is not a folder that exists (seen from the agent file)`;
      return { finding: { path: ['cwd'], reason } };
    }
    return { definition: { ...declared, server: { command, env, cwd: absolute } } };
  },
};

/** What belongs to a server that is started, and to one that is called. */
const ofCommand = ['env', 'cwd'] as const;
const ofAddress = ['headers'] as const;

function shapeFindings(tool: WrittenMcpTool, path: FilePath): Finding[] {
  if ((tool.command === undefined) === (tool.url === undefined)) {
    return [{ path, reason: 'must have exactly one of command and url' }];
  }
  const [kind, strange] = tool.command ? (['url', ofAddress] as const) : (['command', ofCommand] as const);
  return strange
    .filter((name) => tool[name] !== undefined)
    .map((name) => ({ path: [...path, name], reason: `stands only beside ${kind}` }));
}

function commandFindings({ command }: WrittenMcpTool, path: FilePath, scope: ToolScope): Finding[] {
  if (!command || isAllowedCommand(command, scope.mcpCommandsAllow ?? [])) return [];
  const reason =
    'is not allowed to be started: add the program or the whole command line to MCP_COMMANDS_ALLOW';
  return [{ path: [...path, 'command'], reason }];
}

function environmentFindings(env: Readonly<Record<string, EnvironmentValue>>, path: FilePath): Finding[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (typeof value !== 'string' || !credentialName.test(name)) return [];
    const reason = 'is named like a credential, so its value must be {env: NAME}, never a literal';
    return [{ path: [...path, name], reason }];
  });
}

function addressFindings({ url }: WrittenMcpTool, path: FilePath): Finding[] {
  if (url === undefined) return [];
  const parsed = URL.parse(url);
  if (!parsed) return [{ path: [...path, 'url'], reason: 'is not a valid address' }];
  if (!parsed.username && !parsed.password) return [];
  const reason = 'must not hold a user name or password: use a header with {env: NAME}';
  return [{ path: [...path, 'url'], reason }];
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
