/**
 * Aborts one provider call when nothing came for a while, or when the caller aborts. Only the waiting for the
 * provider counts: a consumer that takes its time between two chunks never makes the provider late.
 * One timer per call; a chunk costs a `refresh`.
 */
export class IdleWatch {
  /** True once the provider was silent for too long. */
  expired = false;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #waiting = true;

  constructor(idleMs: number, caller: AbortSignal) {
    this.#caller = caller;
    this.#timer = setTimeout(() => this.#expire(), idleMs);
    caller.addEventListener('abort', this.#forward, { once: true });
    if (caller.aborted) this.#forward();
  }

  /** What the provider call listens to. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The provider said something: its time starts anew with the next `resume`. */
  pause(): void {
    this.#waiting = false;
  }

  resume(): void {
    this.#waiting = true;
    this.#timer.refresh();
  }

  /** Ends the watch; the provider call goes on. */
  close(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#forward);
  }

  readonly #forward = (): void => this.#controller.abort();

  #expire(): void {
    if (!this.#waiting) return;
    this.expired = true;
    this.#controller.abort();
  }
}
