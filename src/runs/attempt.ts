import type { Log } from '../telemetry/log.ts';
import type { Execution, Executor, Outcome } from './executor.ts';
import { FencedError } from './log.ts';
import type { RunWriter } from './writer.ts';

/** Why an attempt is stopped, the abort reason of its signal; `lost`: the log takes no more of it. */
export type StopReason = 'canceled' | 'deadline' | 'shutdown' | 'lost';

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
  /** The executor's outcome, or nothing once it is stopped: one that does not heed its signal is not waited for. */
  readonly #ended = Promise.withResolvers<Outcome | undefined>();
  readonly #writer: RunWriter;
  readonly #log: Log;
  readonly #deadline: NodeJS.Timeout;
  readonly #cancelGraceSeconds: number;
  #grace: NodeJS.Timeout | undefined;
  /** Set once the end is decided: what the executor still says is dropped. */
  #closed = false;

  constructor(options: AttemptOptions) {
    this.#writer = options.writer;
    this.#log = options.log;
    this.#cancelGraceSeconds = options.cancelGraceSeconds ?? 0;
    this.#deadline = setTimeout(() => this.stop('deadline'), options.timeoutSeconds * 1000);
    this.done = this.#run(options);
  }

  /** Makes the attempt end soon; the first reason counts. */
  stop(reason: StopReason): void {
    if (reason === 'shutdown') this.#writer.stopRetrying();
    const first = !this.#controller.signal.aborted;
    if (first) this.#controller.abort(new RunStopped(reason));
    const end = (): void => this.#ended.resolve(undefined);
    if (reason !== 'canceled' || this.#cancelGraceSeconds === 0) end();
    else if (first) this.#grace = setTimeout(end, this.#cancelGraceSeconds * 1000);
  }

  async #run(options: AttemptOptions): Promise<void> {
    try {
      const outcome = this.#settle(await this.#outcome(options), options);
      this.#closed = true;
      if (outcome) void this.#writer.write({ kind: 'finished', at: Date.now(), ...outcome });
      await this.#writer.stored();
    } catch (error) {
      await this.#endUnwritten(error, options);
    } finally {
      clearTimeout(this.#deadline);
      clearTimeout(this.#grace);
    }
  }

  /** The outcome to write; undefined when the attempt must end without a word (shutdown, fenced off). */
  #settle(outcome: Outcome | undefined, options: AttemptOptions): Outcome | undefined {
    if (this.#writer.failure !== undefined) throw this.#writer.failure as Error;
    switch (this.#stopReason()) {
      case 'shutdown':
        return undefined;
      case 'canceled':
        return this.#cancelGraceSeconds > 0 && outcome ? outcome : { state: 'canceled' };
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
    this.#consume(options).then(this.#ended.resolve, this.#ended.reject);
    try {
      return await this.#ended.promise;
    } catch (error) {
      if (this.#controller.signal.aborted) return undefined;
      this.#log.error('An agent failed inside the gateway.', { runId: options.runId, error });
      return failed('internal_error', 'The agent failed inside the gateway; its log names the cause.');
    }
  }

  async #consume(options: AttemptOptions): Promise<Outcome> {
    const execution = { ...(await options.prepare()), signal: this.#controller.signal };
    const events = options.executor(execution);
    while (!this.#over) {
      const next = await events.next();
      if (next.done) return next.value;
      const full = this.#over ? undefined : this.#writer.write(next.value);
      if (full) await full;
    }
    this.stop('lost');
    await events.return({ state: 'failed' });
    return { state: 'failed' };
  }

  /** Whether what the executor says no longer counts: then it is not asked for more either. */
  get #over(): boolean {
    const stopped = this.#controller.signal.aborted && !this.#endsItself;
    return this.#closed || stopped || this.#writer.failure !== undefined;
  }

  /** Whether the executor was left the time to end a canceled run itself. */
  get #endsItself(): boolean {
    return this.#cancelGraceSeconds > 0 && this.#stopReason() === 'canceled';
  }

  #stopReason(): StopReason | undefined {
    const reason: unknown = this.#controller.signal.reason;
    return reason instanceof RunStopped ? reason.reason : undefined;
  }

  /** A run that nobody else took over must not stay unfinished because of what could not be written. */
  async #endUnwritten(error: unknown, { runId, failUnwritten }: AttemptOptions): Promise<void> {
    if (error instanceof FencedError) return this.#log.info('A run went on elsewhere.', { runId });
    this.#log.error('A run could not be written.', { runId, error });
    if (this.#stopReason() === 'shutdown') return;
    try {
      await failUnwritten();
    } catch (failure) {
      this.#log.error('A run could not be ended.', { runId, error: failure });
    }
  }
}

export interface AttemptOptions {
  runId: string;
  writer: RunWriter;
  log: Log;
  executor: Executor;
  timeoutSeconds: number;
  /** See ExecutableAgent; default 0. */
  cancelGraceSeconds?: number;
  /** Reads what the executor needs beside the signal (history, secrets). */
  prepare(): Promise<Omit<Execution, 'signal'>>;
  /** Fails the run anew, when its own events could not be stored. */
  failUnwritten: () => Promise<void>;
}

function failed(code: string, message: string): Outcome {
  return { state: 'failed', failure: { code, message } };
}
