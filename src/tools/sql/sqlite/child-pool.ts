import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { ToolError } from '../../tool.ts';
import { askChild } from './ask-child.ts';
import type { Job, JobAnswer, JobResults } from './job.ts';

export interface ChildPoolOptions {
  /** Child processes at most; each is started when it is needed, and used again. */
  size: number;
  /** Jobs that may wait for one. */
  maxWaiting: number;
}

export interface JobLimits {
  /** From when a child process begins with it. */
  timeoutMs: number;
  signal: AbortSignal;
}

interface Waiting {
  start: (child: ChildProcess) => void;
  fail: (error: Error) => void;
}

/** Child processes that work on SQLite databases. One that does not end in time is killed, which stops everything. */
export class ChildPool {
  readonly #options: ChildPoolOptions;
  readonly #all = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];
  readonly #waiting = new Set<Waiting>();
  #closed = false;
  #started = 0;

  constructor(options: ChildPoolOptions) {
    this.#options = options;
  }

  /**
   * @throws ToolError when it is refused, takes too long, or too many wait already; the signal's reason when it aborts.
   */
  async run<Kind extends Job['kind']>(
    job: Extract<Job, { kind: Kind }>,
    limits: JobLimits,
  ): Promise<JobResults[Kind]> {
    limits.signal.throwIfAborted();
    const child = await this.#child(limits.signal);
    let answer: JobAnswer;
    try {
      answer = await askChild(child, job, limits);
    } catch (error) {
      this.#discard(child);
      throw error;
    }
    this.#giveBack(child);
    if (answer.ok) return answer.result as JobResults[Kind];
    throw new ToolError(answer.refusal ?? 'The database could not be asked.');
  }

  /** How many processes were started so far. */
  get started(): number {
    return this.#started;
  }

  /** Kills what runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { fail } of this.#waiting) fail(new ToolError('The gateway is stopping.'));
    const ended = [...this.#all].map(async (child) => {
      const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exit;
    });
    await Promise.all(ended);
  }

  async #child(signal: AbortSignal): Promise<ChildProcess> {
    if (this.#closed) throw new ToolError('The gateway is stopping.');
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.size < this.#options.size) return this.#start();
    if (this.#waiting.size >= this.#options.maxWaiting) {
      throw new ToolError('Too many statements wait for the database; ask again later.');
    }
    return await this.#wait(signal);
  }

  async #wait(signal: AbortSignal): Promise<ChildProcess> {
    const { promise, resolve: start, reject } = Promise.withResolvers<ChildProcess>();
    const fail = (error: Error): void => {
      // At once, so that no process is handed to somebody who has left.
      this.#waiting.delete(waiting);
      reject(error);
    };
    const waiting: Waiting = { start, fail };
    const abort = (): void => fail(signal.reason as Error);
    this.#waiting.add(waiting);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #start(): ChildProcess {
    const child = fork(new URL('child.ts', import.meta.url), [], {
      // Nothing of the gateway's: neither its secrets nor its options.
      env: {},
      execArgv: ['--max-old-space-size=512'],
      serialization: 'advanced',
      // Its input is never written to: that it ends tells the child that the gateway is gone.
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    });
    (child.stdin as Socket | null)?.unref();
    this.#started += 1;
    giveWay(child);
    this.#all.add(child);
    // An idle one may end, too; nobody waits for it then.
    child.on('error', () => this.#forget(child));
    child.on('exit', () => this.#forget(child));
    return child;
  }

  #giveBack(child: ChildProcess): void {
    if (!this.#all.has(child)) return;
    if (!this.#handOver(child)) {
      this.#idle.push(child);
      child.unref();
      child.channel?.unref();
    }
  }

  #discard(child: ChildProcess): void {
    this.#forget(child);
    child.kill('SIGKILL');
    if (this.#waiting.size > 0 && !this.#closed) this.#handOver(this.#start());
  }

  /** Whether somebody waited for it. */
  #handOver(child: ChildProcess): boolean {
    const [next] = this.#waiting;
    if (!next) return false;
    this.#waiting.delete(next);
    next.start(child);
    return true;
  }

  #forget(child: ChildProcess): void {
    this.#all.delete(child);
    const position = this.#idle.indexOf(child);
    if (position >= 0) this.#idle.splice(position, 1);
  }
}

/** Where processors are few, the gateway's own thread goes first: it serves everybody. */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Gone already, or not allowed: then it competes like others.
  }
}
