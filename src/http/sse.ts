import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { KeepAlive, KeptAlive } from './keep-alive.ts';

/** A reader this many bytes behind is cut off, if its writer does not wait for it. */
const MAXIMUM_BACKLOG_BYTES = 1_048_576;
const NOT_WAITING = -1;

/**
 * Server-sent events on one response. It has no timer of its own: the shared `KeepAlive` writes comments to
 * idle streams and cuts readers that let their socket stand full for too long.
 */
export class SseWriter implements KeptAlive {
  readonly #response: ServerResponse;
  readonly #keepAlive: KeepAlive;
  #closed = false;
  /** Tick of the last write. */
  #writtenAt = 0;
  /** Tick since which the socket has been full, or the end has not got through. */
  #waitingSince = NOT_WAITING;
  #drained: PromiseWithResolvers<void> | undefined;
  #listener: (() => void) | undefined;

  constructor(response: ServerResponse, keepAlive: KeepAlive) {
    this.#response = response;
    this.#keepAlive = keepAlive;
  }

  /** True after `end()`, and when the reader has gone or was cut off: what is written then goes nowhere. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends status 200 and the headers of a stream at once, with `headers` beside them. */
  open(headers: OutgoingHttpHeaders = {}): void {
    const response = this.#response;
    // `close` comes only once: a reader who left before would never be noticed.
    if (response.destroyed) {
      this.#closed = true;
      return;
    }
    response.on('close', () => this.#onClose());
    this.#writtenAt = this.#keepAlive.now;
    this.#keepAlive.add(this);
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    // The headers and the events written in the same turn leave in one packet.
    const { socket } = response;
    socket?.cork();
    response.flushHeaders();
    queueMicrotask(() => socket?.uncork());
  }

  /**
   * Writes frames, each with its empty line. Undefined: the socket took them. Otherwise wait for the promise
   * before the next write: it resolves when the socket has room again or the stream is closed; it never rejects.
   */
  write(text: string): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#drained && this.#response.writableLength > MAXIMUM_BACKLOG_BYTES) {
      this.#cutOff();
      return undefined;
    }
    this.#writtenAt = this.#keepAlive.now;
    if (this.#response.write(text)) return undefined;
    return this.#waitForDrain();
  }

  /** Ends the stream after what was written. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Watched until `close`: a reader that does not read would hold on to the end for ever.
    if (this.#waitingSince === NOT_WAITING) this.#waitingSince = this.#keepAlive.now;
    this.#response.end();
  }

  /** Has the listener called once when the stream is over, whoever ended it. One listener; after `open`. */
  onClose(listener: () => void): void {
    if (this.#response.destroyed) queueMicrotask(listener);
    else this.#listener = listener;
  }

  tick(now: number, idleTicks: number, stuckTicks: number): void {
    if (this.#waitingSince !== NOT_WAITING) {
      if (now - this.#waitingSince >= stuckTicks) this.#cutOff();
    } else if (now - this.#writtenAt >= idleTicks) {
      void this.write(': keep-alive\n\n');
    }
  }

  #cutOff(): void {
    this.#closed = true;
    this.#response.destroy();
  }

  #waitForDrain(): Promise<void> {
    if (!this.#drained) {
      this.#drained = Promise.withResolvers();
      this.#waitingSince = this.#keepAlive.now;
      this.#response.once('drain', () => this.#onDrain());
    }
    return this.#drained.promise;
  }

  #onDrain(): void {
    if (!this.#closed) this.#waitingSince = NOT_WAITING;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #onClose(): void {
    this.#closed = true;
    this.#listener?.();
    this.#listener = undefined;
    this.#keepAlive.delete(this);
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
