import { spawn, type ChildProcess } from 'node:child_process';
import { OutputHead, OutputTail } from './program-output.ts';

/** One program to run, without a shell. */
export interface Program {
  /** Absolute path. */
  command: string;
  args: readonly string[];
  workingDirectory: string;
  /** All of its environment. */
  env: Readonly<Record<string, string>>;
}

/** How a program ended, and what it printed: the beginning of its output, the end of its errors. */
export interface ProgramResult {
  /** Null when a signal ended it. */
  code: number | null;
  signal: string | null;
  output: OutputHead;
  errors: OutputTail;
}

/** Sends a signal to a process and to those that it started. Throws when there are none any more. */
export type SignalGroup = (group: number, signal: 'SIGTERM' | 'SIGKILL') => void;

/** What a program may take to end after SIGTERM, before SIGKILL. */
const graceMs = 2000;
/** What is waited for output that somebody else still holds open after the program's end. */
const lingerMs = 500;

/** Runs programs, each in a process group of its own that ends with it. */
export class ProgramRunner {
  readonly #signalGroup: SignalGroup;
  readonly #running = new Map<ChildProcess, Promise<unknown>>();
  #closed = false;

  constructor(signalGroup: SignalGroup) {
    this.#signalGroup = signalGroup;
  }

  /**
   * Runs a program to its end. When the signal aborts it gets SIGTERM, and SIGKILL when it does not heed that.
   * @throws Error when it cannot be started, or the runner is closed.
   */
  async run(program: Program, signal: AbortSignal): Promise<ProgramResult> {
    if (this.#closed) throw new Error('The runner is closed');
    const child = spawn(program.command, program.args, {
      cwd: program.workingDirectory,
      env: { ...program.env },
      // A process group of its own.
      detached: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = this.#end(child);
    this.#running.set(child, ended);
    const stop = (): void => this.#stop(child);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#running.delete(child);
    }
  }

  /** Kills what still runs, and waits for its end. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const child of this.#running.keys()) this.#kill(child);
    await Promise.allSettled(this.#running.values());
  }

  #end(child: ChildProcess): Promise<ProgramResult> {
    const output = new OutputHead();
    const errors = new OutputTail();
    child.stdout?.on('data', (chunk: Buffer) => output.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => errors.add(chunk));
    return new Promise((resolve, reject) => {
      let linger: NodeJS.Timeout | undefined;
      child.once('error', reject);
      child.once('exit', () => {
        // What it started must not stay behind.
        this.#send(child, 'SIGKILL');
        linger = setTimeout(() => closeOutput(child), lingerMs);
      });
      child.once('close', (code, signal) => {
        clearTimeout(linger);
        resolve({ code, signal, output, errors });
      });
    });
  }

  #stop(child: ChildProcess): void {
    this.#send(child, 'SIGTERM');
    const timer = setTimeout(() => this.#kill(child), graceMs);
    child.once('close', () => clearTimeout(timer));
  }

  #kill(child: ChildProcess): void {
    this.#send(child, 'SIGKILL');
    closeOutput(child);
  }

  #send(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (child.pid === undefined) return;
    try {
      this.#signalGroup(child.pid, signal);
    } catch {
      // All of the group have ended.
    }
  }
}

function closeOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}
