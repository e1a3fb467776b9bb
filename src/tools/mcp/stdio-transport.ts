import type { Transport } from '@modelcontextprotocol/client';
import type { EnvironmentValue, McpCommand } from '../../agents/tool-types/mcp.ts';
import { isAllowedCommand } from '../allowed-commands.ts';
import { ToolError } from '../tool.ts';
import { mostMessageBytes } from './limits.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a program needs to run at all. Everything else of the gateway's environment stays with the gateway. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP'];

const mostUnfinishedCharacters = 16_384;
const tooLong = '[a line that is too long]';
const mostLines = 500;

export interface StdioOptions {
  server: McpCommand;
  /** Resolved. */
  env: Readonly<Record<string, string>>;
  allowed: readonly string[];
  /** Gets what the program writes to its standard error, line by line, the first ones only; nothing is masked. */
  onLine: (line: string) => void;
}

/**
 * A server that is started as a child of the gateway, in an environment that holds none of its secrets.
 * @throws ToolError when the operator's list does not allow the command.
 */
export async function openStdioTransport({ server, env, allowed, onLine }: StdioOptions): Promise<Transport> {
  const { command, cwd } = server;
  if (!isAllowedCommand(command, allowed)) {
    throw new ToolError('The command of this MCP server is not in MCP_COMMANDS_ALLOW.');
  }
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const [program = '', ...args] = command;
  const transport = new StdioClientTransport({
    command: program,
    args,
    env,
    stderr: 'pipe',
    maxBufferSize: mostMessageBytes,
    ...(cwd !== undefined && { cwd }),
  });
  transport.stderr?.on('data', lineReader(onLine));
  // Whoever closes it again waits for the same end: the child's.
  const close = transport.close.bind(transport);
  let closing: Promise<void> | undefined;
  transport.close = async () => await (closing ??= close());
  return transport;
}

/**
 * The environment of a started server: the little that every program needs, and what is declared for it.
 * @throws ToolError when a declared variable of the gateway's is not set.
 */
export function serverEnvironment(
  declared: Readonly<Record<string, EnvironmentValue>>,
  own: Environment,
): { env: Record<string, string>; secrets: string[] } {
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  for (const name of inherited) if (own[name]) env[name] = own[name];
  for (const [name, value] of Object.entries(declared)) {
    env[name] = typeof value === 'string' ? value : required(value.env, own);
    if (typeof value !== 'string') secrets.push(env[name]);
  }
  return { env, secrets };
}

function required(name: string, own: Environment): string {
  const value = own[name];
  if (!value) throw new ToolError(`This MCP server needs the gateway's environment variable ${name}.`);
  return value;
}

/** Takes pieces of text and passes on whole lines, the first ones only: no line is cut, as half a secret is one too. */
function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder();
  let rest = '';
  let skips = false;
  let count = 0;
  return (chunk) => {
    if (count >= mostLines) return;
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (skips && lines.length > 0) lines[0] = tooLong;
    skips = rest.length > mostUnfinishedCharacters || (skips && lines.length === 0);
    if (skips) rest = '';
    for (const line of lines) {
      if (line.trim() === '' || count >= mostLines) continue;
      count += 1;
      onLine(count === mostLines ? 'Further output is not logged.' : line);
    }
  };
}
