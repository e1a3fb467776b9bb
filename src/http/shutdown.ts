import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../telemetry/log.ts';

const IDLE_CHECK_MS = 50;

export interface ShutdownOptions {
  server: Server;
  /** How long it goes on serving after it says not ready, so that load balancers notice. */
  drainDelaySeconds: number;
  /** How long requests and runs may take to end after that. */
  graceSeconds: number;
  /** Lets what runs come to its end or hands it over, and ends the streams. */
  drain(): Promise<void>;
  log: Log;
}

/** The orderly way out: not ready, delay, no new connections, drain within the grace, then cut what is left. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #stopped: Promise<void> | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** True from the first `stop()` on: `/health/ready` then answers 503. */
  get draining(): boolean {
    return this.#stopped !== undefined;
  }

  /** Resolves when every connection is closed. A second call waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { server, drainDelaySeconds, graceSeconds, log } = this.#options;
    log.info('shutting down', { drainDelaySeconds, graceSeconds });
    if (drainDelaySeconds > 0) await delay(drainDelaySeconds * 1000);
    server.prependListener('request', announceClose);
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    // Connections that fall idle later do not close by themselves before their keep-alive time is over.
    const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    const graceful = await this.#withinGrace(Promise.all([this.#drain(), closed]));
    clearInterval(idleCheck);
    if (!graceful) log.warn('the grace is over: cutting what is left');
    server.closeAllConnections();
    await closed;
    log.info('stopped');
  }

  async #drain(): Promise<void> {
    try {
      await this.#options.drain();
    } catch (error) {
      this.#options.log.error('draining failed', { error });
    }
  }

  /** Whether `work` is done before the grace is over. */
  async #withinGrace(work: Promise<unknown>): Promise<boolean> {
    const over = new AbortController();
    const expired = delay(this.#options.graceSeconds * 1000, false, { signal: over.signal });
    const done = await Promise.race([work.then(() => true), expired]);
    over.abort();
    // The aborted timer rejects, which is what was asked of it.
    await expired.catch(() => undefined);
    return done;
  }
}

/** Tells the callers on connections that are still open to come back on another one. */
function announceClose(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
}
