import type { Log } from '../telemetry/log.ts';
import type { Execution, Executor, Outcome } from './executor.ts';
import { FencedError } from './log.ts';
import type { RunWriter } from './writer.ts';

/** Why an attempt is stopped from outside; the abort reason of its signal. */
export type StopReason = 'canceled' | 'deadline' | 'shutdown';

export class RunStopped extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`The run was stopped: ${reason}.`);
    this.name = 'RunStopped';
    this.reason = reason;
  }
}

/** One attempt at a run in this process: drives the executor and writes what it says, with exactly one end. */
export class Attempt {
  /** Resolves when the attempt's last event is stored, or when it was given up without one; never rejects. */
  readonly done: Promise<void>;
  readonly #controller = new AbortController();
  readonly #writer: RunWriter;
  readonly #log: Log;
  readonly #deadline: NodeJS.Timeout;
  /** Set once the end is decided: what the executor still says is dropped. */
  #closed = false;

  constructor(options: AttemptOptions) {
    this.#writer = options.writer;
    this.#log = options.log;
    this.#deadline = setTimeout(() => this.stop('deadline'), options.timeoutSeconds * 1000);
    this.done = this.#run(options);
  }

  /** Makes the attempt end soon; the first reason counts. */
  stop(reason: StopReason): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(new RunStopped(reason));
  }

  async #run(options: AttemptOptions): Promise<void> {
    try {
      const outcome = await this.#settle(options);
      this.#closed = true;
      if (!outcome) return;
      void this.#writer.write({ kind: 'finished', at: Date.now(), ...outcome });
      await this.#writer.stored();
    } catch (error) {
      this.#report(error, options.runId);
    } finally {
      clearTimeout(this.#deadline);
    }
  }

  /** The outcome to write; undefined when the attempt must end without a word (shutdown, fenced off). */
  async #settle(options: AttemptOptions): Promise<Outcome | undefined> {
    const outcome = await this.#outcome(options);
    if (this.#writer.failure !== undefined) throw this.#writer.failure as Error;
    switch (this.#stopReason()) {
      case 'shutdown':
        return undefined;
      case 'canceled':
        return { state: 'canceled' };
      case 'deadline':
        return failed(
          'timeout',
          `The agent did not finish within ${options.timeoutSeconds} s. Ask for less at once.`,
        );
      default:
        return outcome;
    }
  }

  async #outcome(options: AttemptOptions): Promise<Outcome | undefined> {
    const { signal } = this.#controller;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    try {
      // An executor that does not heed the signal must not keep a canceled run alive.
      return await Promise.race([this.#consume(options), stopped]);
    } catch (error) {
      if (!signal.aborted)
        this.#log.error('An agent failed inside the gateway.', { runId: options.runId, error });
      return failed('internal_error', 'The agent failed inside the gateway; its log names the cause.');
    }
  }

  async #consume(options: AttemptOptions): Promise<Outcome> {
    const execution = { ...(await options.prepare()), signal: this.#controller.signal };
    const events = options.executor(execution);
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
      if (this.#closed || this.#writer.failure !== undefined) {
        this.stop('shutdown');
        return await events.return({ state: 'failed' }).then(() => ({ state: 'failed' }));
      }
      const full = this.#writer.write(next.value);
      if (full) await full;
    }
  }

  #stopReason(): StopReason | undefined {
    const reason: unknown = this.#controller.signal.reason;
    return reason instanceof RunStopped ? reason.reason : undefined;
  }

  #report(error: unknown, runId: string): void {
    if (error instanceof FencedError) this.#log.info('A run went on elsewhere.', { runId });
    else this.#log.error('A run could not be written.', { runId, error });
  }
}

export interface AttemptOptions {
  runId: string;
  writer: RunWriter;
  log: Log;
  executor: Executor;
  timeoutSeconds: number;
  /** Reads what the executor needs beside the signal (history, secrets). */
  prepare(): Promise<Omit<Execution, 'signal'>>;
}

function failed(code: string, message: string): Outcome {
  return { state: 'failed', failure: { code, message } };
}
