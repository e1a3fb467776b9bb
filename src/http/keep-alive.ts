const MAXIMUM_TICK_SECONDS = 1;
const STUCK_SECONDS = 30;

/** An open stream as the shared clock sees it. */
export interface KeptAlive {
  /** One tick of the clock: comment when idle for `idleTicks`, cut off when stuck for `stuckTicks`. */
  tick(now: number, idleTicks: number, stuckTicks: number): void;
}

/**
 * One clock for all open streams, so that an idle stream costs no timer of its own. Time is counted in
 * ticks, whole numbers, so that writing an event neither reads a clock nor allocates.
 */
export class KeepAlive {
  readonly #open = new Set<KeptAlive>();
  readonly #stuckSeconds: number;
  #timer: NodeJS.Timeout | undefined;
  #now = 0;

  /** `stuckSeconds`: how long a reader may leave its socket full before it is cut off. */
  constructor(stuckSeconds: number = STUCK_SECONDS) {
    this.#stuckSeconds = stuckSeconds;
  }

  /** The number of ticks since the start. */
  get now(): number {
    return this.#now;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Starts the clock: a stream that wrote nothing for `seconds` gets a comment line. */
  start(seconds: number): void {
    this.stop();
    const period = Math.min(seconds, this.#stuckSeconds, MAXIMUM_TICK_SECONDS);
    const idleTicks = Math.max(1, Math.floor(seconds / period));
    const stuckTicks = Math.max(1, Math.floor(this.#stuckSeconds / period));
    this.#timer = setInterval(() => {
      this.#now += 1;
      for (const stream of this.#open) stream.tick(this.#now, idleTicks, stuckTicks);
    }, period * 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  add(stream: KeptAlive): void {
    this.#open.add(stream);
  }

  delete(stream: KeptAlive): void {
    this.#open.delete(stream);
  }
}
