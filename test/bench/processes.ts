import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Usage } from './child.ts';

/** Servers share one core, everything that makes their work the other one. */
export type Place = 'server' | 'load';

const pinning = availableParallelism() >= 2 && spawnSync('taskset', ['-V'], { stdio: 'ignore' }).status === 0;
const cores: Readonly<Record<Place, string>> = { server: '0', load: '1' };

/** Whether servers and load run on cores of their own. */
export function isPinned(): boolean {
  return pinning;
}

export interface ChildOptions {
  place: Place;
  arguments?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Folder for a processor profile of the child. */
  profile?: string | undefined;
}

interface ChildMessage {
  ready?: boolean;
  id?: number;
  result?: unknown;
  error?: string;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** A process of the benchmark, started from a file of this folder. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #ready = Promise.withResolvers<void>();
  #count = 0;
  #leaving = false;

  constructor(file: string, options: ChildOptions) {
    const profile = options.profile ? ['--cpu-prof', '--cpu-prof-dir', options.profile] : [];
    const path = fileURLToPath(new URL(file, import.meta.url));
    const node = [process.execPath, ...profile, path, ...(options.arguments ?? [])];
    const [command = '', ...rest] = pinning ? ['taskset', '-c', cores[options.place], ...node] : node;
    this.#process = spawn(command, rest, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message) => this.#receive(message as ChildMessage));
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        if (!this.#leaving) this.#fail(new Error(`${file} ended by itself (${signal ?? code}).`));
        resolve();
      });
    });
  }

  /** Starts it; resolves when it answers questions. */
  static async start(file: string, options: ChildOptions): Promise<Child> {
    const child = new Child(file, options);
    await child.#ready.promise;
    return child;
  }

  async ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.#count;
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.send({ id, name, argument });
    return (await answered) as T;
  }

  async usage(): Promise<Usage> {
    return await this.ask<Usage>('usage');
  }

  async stop(): Promise<void> {
    this.#leaving = true;
    if (this.#process.connected) this.#process.send({ id: 0, name: 'exit' });
    await this.#exited;
  }

  #receive(message: ChildMessage): void {
    if (message.ready) this.#ready.resolve();
    const id = message.id ?? 0;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (message.error !== undefined) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result);
  }

  #fail(error: Error): void {
    this.#ready.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
