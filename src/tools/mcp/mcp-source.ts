import type { McpAddress, McpCommand, McpToolDefinition } from '../../agents/tool-types/mcp.ts';
import type { Log } from '../../telemetry/log.ts';
import { createMask } from '../mask.ts';
import { secretValues } from '../secret-values.ts';
import { resolveHeaders } from '../request-headers.ts';
import type { ToolSource } from '../tool-source.ts';
import type { Tool, ToolCall, ToolResult } from '../tool.ts';
import { readResult } from './call-result.ts';
import type { Opening } from './connection.ts';
import { openHttpTransport, type TransportEvents } from './http-transport.ts';
import { offeredTools, type OfferedTool } from './listing.ts';
import { McpServer } from './mcp-server.ts';
import { ProgressSteps } from './progress-steps.ts';
import { openStdioTransport, serverEnvironment } from './stdio-transport.ts';

export interface McpDependencies {
  /** The gateway's environment, for `{env: NAME}`. */
  env: Readonly<Record<string, string | undefined>>;
  /** MCP_COMMANDS_ALLOW. */
  mcpCommandsAllow: readonly string[];
  log: Log;
  /** Names of the context variables that are secret; absent: all of them. */
  secretVariables?: ReadonlySet<string>;
}

/** Of a line that a server writes to its standard error. */
const mostLineCharacters = 500;

type Context = Readonly<Record<string, unknown>>;
type Mask = (text: string) => string;

/** A server, and what takes the secrets that it was given out of what it says. */
interface Counterpart {
  server: McpServer;
  mask: Mask;
}

/** Callers whose headers differ have a connection each; those that wait longest for work are given up. */
const mostConnections = 16;

/** The tools of one MCP server. Nothing is started or connected before the first run asks for them. */
export function createMcpSource(definition: McpToolDefinition, deps: McpDependencies): ToolSource {
  const counterparts = new Map<string, Counterpart>();
  const counterpartOf = (context: Context): Counterpart => {
    const { key, open } = prepare(definition, deps, context);
    const known = counterparts.get(key) ?? open();
    counterparts.delete(key);
    counterparts.set(key, known);
    for (const [oldest, { server }] of counterparts) {
      if (counterparts.size <= mostConnections) break;
      if (server.busy || oldest === key) continue;
      counterparts.delete(oldest);
      void server.close();
    }
    return known;
  };
  return {
    name: definition.name,
    tools: async (signal, context = {}) => {
      const offered = await counterpartOf(context).server.tools(signal);
      return offered.map((tool) => asTool(tool, async (call) => await execute(counterpartOf, tool, call)));
    },
    close: async () => {
      await Promise.all([...counterparts.values()].map(async ({ server }) => await server.close()));
    },
  };
}

function asTool(offered: OfferedTool, execute: Tool['execute']): Tool {
  const { remoteName: _remoteName, ...tool } = offered;
  return { ...tool, execute };
}

async function execute(
  counterpartOf: (context: Context) => Counterpart,
  tool: OfferedTool,
  call: ToolCall,
): Promise<ToolResult> {
  const { server, mask } = counterpartOf(call.context);
  const progress = call.report && new ProgressSteps((step) => call.report?.(step), mask);
  try {
    const result = await server.call({
      tool,
      arguments: call.arguments,
      signal: call.signal,
      ...(progress && { onProgress: (step) => progress.next(step) }),
    });
    const read = readResult(result, mask);
    progress?.end('completed');
    return read;
  } catch (error) {
    progress?.end('failed');
    throw error;
  }
}

/** What tells servers apart that get other headers, and how to make this one. */
interface Prepared {
  key: string;
  open: () => Counterpart;
}

/** @throws ToolError when an environment variable that is declared for it is not set. */
function prepare(definition: McpToolDefinition, deps: McpDependencies, context: Context): Prepared {
  const { server } = definition;
  if ('command' in server) return { key: '', open: () => startable(definition, server, deps) };
  const { headers, sources } = resolveHeaders(server.headers, { env: deps.env, context });
  const mask = createMask(secretValues(server.headers, sources, deps.secretVariables));
  const address = { ...server, headers };
  return { key: JSON.stringify(headers), open: () => reachable(definition, address, mask, deps) };
}

function startable(definition: McpToolDefinition, server: McpCommand, deps: McpDependencies): Counterpart {
  const { env, secrets } = serverEnvironment(server.env, deps.env);
  const mask = createMask(secrets);
  const onLine = (line: string): void => {
    const shown = mask(line).slice(0, mostLineCharacters).toWellFormed();
    deps.log.debug(`MCP server ${definition.name}: ${shown}`);
  };
  const open = async (): Promise<Opening> => ({
    transport: await openStdioTransport({ server, env, allowed: deps.mcpCommandsAllow, onLine }),
    local: true,
    // It would start the program a second time.
    negotiate: false,
  });
  return { server: makeServer(definition, deps.log, mask, open), mask };
}

function reachable(
  definition: McpToolDefinition,
  address: Omit<McpAddress, 'headers'> & { headers: Readonly<Record<string, string>> },
  mask: Mask,
  { log }: McpDependencies,
): Counterpart {
  const open = async (events: TransportEvents): Promise<Opening> => ({
    ...(await openHttpTransport({ ...address, events })),
    local: false,
    negotiate: true,
  });
  return { server: makeServer(definition, log, mask, open), mask };
}

function makeServer(
  definition: McpToolDefinition,
  log: Log,
  mask: Mask,
  open: (events: TransportEvents) => Promise<Opening>,
): McpServer {
  const { name } = definition;
  const warn = (reason: string): void => log.warn(`MCP server ${name}: ${mask(reason)}`);
  return new McpServer({
    name,
    open,
    offer: async (connection, signal) =>
      offeredTools(definition, await connection.listTools(signal), { warn, mask }),
    mask,
    log,
  });
}
