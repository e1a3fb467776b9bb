export interface RetryBudgetOptions {
  /** Retries per call. */
  ratio: number;
  /** Retries that every window has, so that a lone call may be retried. */
  minimum: number;
  windowMs: number;
  /** Milliseconds of a clock that only goes forward. */
  now: () => number;
}

/** Keeps the retries of one provider a small part of its calls: a provider in trouble must not get more load. */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  #windowStart: number;
  #calls = 0;
  #retries = 0;

  constructor(options: Partial<RetryBudgetOptions> = {}) {
    this.#options = { ratio: 0.2, minimum: 3, windowMs: 60_000, now: () => performance.now(), ...options };
    this.#windowStart = this.#options.now();
  }

  countCall(): void {
    this.#roll();
    this.#calls += 1;
  }

  /** Takes one retry; false when there is none left. */
  takeRetry(): boolean {
    this.#roll();
    if (this.#retries >= Math.max(this.#options.minimum, this.#calls * this.#options.ratio)) return false;
    this.#retries += 1;
    return true;
  }

  #roll(): void {
    const now = this.#options.now();
    if (now - this.#windowStart < this.#options.windowMs) return;
    this.#windowStart = now;
    this.#calls = 0;
    this.#retries = 0;
  }
}
