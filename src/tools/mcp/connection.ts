import type {
  CallToolResult,
  Client,
  Progress,
  Tool as ListedTool,
  Transport,
} from '@modelcontextprotocol/client';
import { lossOf } from './failure.ts';
import { within } from './within.ts';

/** How the other end is reached. */
export interface Opening {
  transport: Transport;
  /** Whether the server is a child of the gateway's. */
  local: boolean;
  /** Whether the protocol of 2026 is asked for first; otherwise that of 2025 is spoken. */
  negotiate: boolean;
  /** Before the connection closes: what the server should be told. */
  endSession?: () => Promise<void>;
  /** After it has closed. */
  release?: () => Promise<void>;
}

export interface ConnectionEvents {
  onClosed: () => void;
  /** The list of tools is another one now. */
  onToolsChanged: () => void;
  onError: (error: Error) => void;
}

export interface Request {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** The first question to a server, which version it speaks, heeds no signal. */
const connectMs = 20_000;
const endSessionMs = 2000;
const checkMs = 2000;
/** The signal limits a request; this is only above the longest time limit that a tool can have. */
const longestRequestMs = 3_600_000;
const mostPages = 20;

/** One connection to an MCP server, from its handshake to its end. */
export class McpConnection {
  readonly #client: Client;
  readonly #opening: Opening;

  private constructor(client: Client, opening: Opening) {
    this.#client = client;
    this.#opening = opening;
  }

  /**
   * Connects and agrees on a protocol version. Nothing is offered to the server: what it asks of its client
   * (sampling, elicitation, roots) is declined.
   * @throws what made it fail; nothing is left open then.
   */
  static async open(opening: Opening, events: ConnectionEvents, signal: AbortSignal): Promise<McpConnection> {
    const { Client } = await import('@modelcontextprotocol/client');
    const client = new Client(
      { name: 'a2a-gateway', version: '1' },
      {
        capabilities: {},
        versionNegotiation: { mode: opening.negotiate ? 'auto' : 'legacy' },
        listMaxPages: mostPages,
        listChanged: {
          tools: { autoRefresh: false, debounceMs: 0, onChanged: () => events.onToolsChanged() },
        },
      },
    );
    Object.assign(client, { onerror: events.onError });
    const connection = new McpConnection(client, opening);
    try {
      await within(client.connect(opening.transport, { signal, timeout: connectMs }), signal);
      // Not before: what ends during the handshake has failed, and that is told once.
      Object.assign(client, { onclose: events.onClosed });
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /**
   * Whether a child is still there: what is written to one that has just died is lost without a word.
   * @throws Error when it is not; one that is too busy to say so is there.
   */
  async check(): Promise<void> {
    if (!this.#opening.local) return;
    try {
      await this.#client.ping({ timeout: checkMs });
    } catch (error) {
      if (lossOf(error)) throw error;
    }
  }

  async listTools(signal: AbortSignal): Promise<ListedTool[]> {
    const { tools } = await this.#client.listTools(undefined, {
      signal,
      timeout: longestRequestMs,
      cacheMode: 'refresh',
    });
    return tools;
  }

  /** An abort cancels the request at the server too. */
  async call({ tool, arguments: args, signal, onProgress }: Request): Promise<CallToolResult> {
    return await this.#client.callTool(
      { name: tool, arguments: { ...args } },
      { signal, timeout: longestRequestMs, ...(onProgress && { onprogress: onProgress }) },
    );
  }

  /** Ends the session and the connection; a started server gets its end of input, then SIGTERM, then SIGKILL. */
  async close(): Promise<void> {
    const { endSession, release, transport } = this.#opening;
    if (endSession) await Promise.allSettled([within(endSession(), AbortSignal.timeout(endSessionMs))]);
    await Promise.allSettled([this.#client.close(), transport.close()]);
    await release?.();
  }
}
