import type { CallToolResult, Progress } from '@modelcontextprotocol/client';
import { bulkhead, isBulkheadRejectedError, type BulkheadPolicy } from 'cockatiel';
import type { Log } from '../../telemetry/log.ts';
import { ToolError } from '../tool.ts';
import { McpConnection, type Opening } from './connection.ts';
import { isVersionRefusal, lossOf, reasonOf, type Loss } from './failure.ts';
import type { TransportEvents } from './http-transport.ts';
import type { OfferedTool } from './listing.ts';
import { within } from './within.ts';

export interface McpServerOptions {
  /** That of the declaration. */
  name: string;
  /** Prepares one connection. */
  open: (events: TransportEvents) => Promise<Opening>;
  /** Makes the offer of what the server lists. */
  offer: (connection: McpConnection, signal: AbortSignal) => Promise<OfferedTool[]>;
  /** Takes secrets out of what the server says. */
  mask: (text: string) => string;
  log: Log;
  /** Milliseconds without a call after which the connection is closed until the next one. */
  idleMs?: number;
}

export interface ServerCall {
  tool: OfferedTool;
  arguments: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

const connectSeconds = 20;
const mostCallsAtOnce = 8;
const mostCallsWaiting = 64;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
const defaultIdleMs = 300_000;

/**
 * A server that is there when it is needed: connected with the first use, connected anew when it is gone, its list of
 * tools read again when it has changed. A server that does not come up is left alone for longer each time.
 */
export class McpServer {
  readonly #options: McpServerOptions;
  readonly #slots: BulkheadPolicy = bulkhead(mostCallsAtOnce, mostCallsWaiting);
  readonly #stopping = new AbortController();
  #connection: Promise<McpConnection> | undefined;
  #offer: Promise<OfferedTool[]> | undefined;
  #failures = 0;
  #nextTryAt = 0;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  /** Connections that were given up and are not closed yet. */
  readonly #endings = new Set<Promise<unknown>>();
  /** Its notifications do not come any more. */
  #stale = false;

  constructor(options: McpServerOptions) {
    this.#options = options;
  }

  /** Whether somebody waits for it now. */
  get busy(): boolean {
    return this.#users > 0;
  }

  /** @throws ToolError when the server cannot be had; the signal's reason when it aborts. */
  async tools(signal: AbortSignal): Promise<readonly OfferedTool[]> {
    try {
      return await this.#inUse(async () => {
        const read = this.#connectedTo(
          (connection) => this.#offerOf(connection),
          () => true,
        );
        return await within(read, signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ToolError) throw error;
      throw new ToolError(`The MCP server does not list its tools: ${this.#reason(error)}.`, {
        cause: error,
      });
    }
  }

  /**
   * A call that certainly never arrived, or that changes nothing, is made once more when the connection fails.
   * @throws ToolError when it fails; the signal's reason when it aborts.
   */
  async call({ tool, signal, ...rest }: ServerCall): Promise<CallToolResult> {
    const request = { ...rest, signal, tool: tool.remoteName };
    const mayRepeat = (loss: Loss): boolean =>
      !signal.aborted && (loss === 'never-received' || !tool.sideEffects);
    const call = async (): Promise<CallToolResult> =>
      await this.#connectedTo(async (connection) => await connection.call(request), mayRepeat);
    try {
      return await this.#inUse(async () => await within(this.#slots.execute(call, signal), signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ToolError) throw error;
      const reason = isBulkheadRejectedError(error) ? 'too many calls wait for it' : this.#reason(error);
      throw new ToolError(`The MCP server could not do it: ${reason}.`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort(new ToolError('The connection to the MCP server is given up.'));
    await this.#disconnect();
  }

  /** Works with the connection; once more with a new one where this one is lost and the work may be repeated. */
  async #connectedTo<T>(
    work: (connection: McpConnection) => Promise<T>,
    mayRepeat: (loss: Loss) => boolean,
  ): Promise<T> {
    const connecting = this.#connected();
    const connection = await connecting;
    try {
      return await work(connection);
    } catch (error) {
      const loss = lossOf(error);
      if (loss) this.#forget(connecting);
      if (!loss || !mayRepeat(loss)) throw error;
      return await work(await this.#connected());
    }
  }

  async #offerOf(connection: McpConnection): Promise<OfferedTool[]> {
    if (this.#offer) await connection.check();
    return await (this.#offer ?? this.#readOffer(connection));
  }

  #readOffer(connection: McpConnection): Promise<OfferedTool[]> {
    const offer = this.#options.offer(connection, this.#deadline());
    this.#offer = offer;
    offer.catch(() => {
      if (this.#offer === offer) this.#offer = undefined;
    });
    return offer;
  }

  #connected(): Promise<McpConnection> {
    if (this.#connection) return this.#connection;
    const connecting = this.#connect(() => this.#forget(connecting));
    this.#connection = connecting;
    connecting.catch(() => {
      if (this.#connection === connecting) this.#connection = undefined;
    });
    return connecting;
  }

  /** @throws ToolError, also without a try while the server is left alone. */
  async #connect(onGone: () => void): Promise<McpConnection> {
    const seconds = Math.ceil((this.#nextTryAt - performance.now()) / 1000);
    if (seconds > 0) {
      const again = `it is tried again in ${seconds} s`;
      throw new ToolError(`The MCP server could not be reached a moment ago; ${again}.`);
    }
    try {
      const connection = await this.#open(onGone);
      this.#failures = 0;
      return connection;
    } catch (error) {
      this.#pause();
      throw this.#unreachable(error);
    }
  }

  async #open(onGone: () => void): Promise<McpConnection> {
    this.#stopping.signal.throwIfAborted();
    const { name, log, open } = this.#options;
    const onToolsChanged = (): void => (this.#offer = undefined);
    const onError = (error: Error): void => log.debug(`MCP server ${name}: ${this.#reason(error)}`);
    const events = { onClosed: onGone, onToolsChanged, onError };
    const opening = async (): Promise<Opening> =>
      await open({ onBroken: onGone, onSilent: () => (this.#stale = true) });
    const deadline = this.#deadline();
    try {
      return await McpConnection.open(await opening(), events, deadline);
    } catch (error) {
      if (!isVersionRefusal(error)) throw error;
      return await McpConnection.open({ ...(await opening()), negotiate: true }, events, deadline);
    }
  }

  /** The next use connects anew. */
  #forget(connection: Promise<McpConnection>): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#offer = undefined;
    this.#stale = false;
    const ending = Promise.allSettled([connection.then(async (one) => await one.close())]);
    this.#endings.add(ending);
    void ending.then(() => this.#endings.delete(ending));
  }

  #pause(): void {
    const pause = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    this.#failures += 1;
    this.#nextTryAt = performance.now() + pause;
  }

  #unreachable(error: unknown): ToolError {
    if (error instanceof ToolError) return error;
    const reason = this.#reason(error);
    this.#options.log.warn(`The MCP server ${this.#options.name} cannot be reached: ${reason}.`);
    return new ToolError(`The MCP server cannot be reached: ${reason}.`, { cause: error });
  }

  #reason(error: unknown): string {
    return reasonOf(error, this.#options.mask);
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(connectSeconds * 1000)]);
  }

  async #inUse<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    if (this.#users === 0 && this.#stale && this.#connection) this.#forget(this.#connection);
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#idle = this.#startIdle();
    }
  }

  /** Nothing waits for it: it keeps no process up. */
  #startIdle(): NodeJS.Timeout {
    return setTimeout(() => void this.#disconnect(), this.#options.idleMs ?? defaultIdleMs).unref();
  }

  /** Waits until every connection has ended. */
  async #disconnect(): Promise<void> {
    clearTimeout(this.#idle);
    if (this.#connection) this.#forget(this.#connection);
    await Promise.all(this.#endings);
  }
}
