import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { until } from './wait.ts';

const servers = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol');

/** The servers that the protocol's own project publishes; the second is to be told its folders. */
export const everythingProgram = join(servers, 'server-everything/dist/index.js');
export const filesystemProgram = join(servers, 'server-filesystem/dist/index.js');

/** An MCP server over streamable HTTP in a process of its own, always on the same port. */
export class McpHttpProgram {
  readonly url: string;
  readonly #port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.url = `http://127.0.0.1:${port}/mcp`;
    this.#port = port;
    this.#args = args;
  }

  /** @param args what Node is to run; it listens on $PORT */
  static async start(...args: string[]): Promise<McpHttpProgram> {
    const program = new McpHttpProgram(await freePort(), args);
    try {
      await program.start();
      return program;
    } catch (error) {
      await program.kill();
      throw error;
    }
  }

  /** Starts it once more, after it was killed; resolves when it answers. */
  async start(): Promise<void> {
    this.#child = spawn(process.execPath, this.#args, {
      env: { PORT: String(this.#port) },
      stdio: 'ignore',
    });
    const answers = async (): Promise<boolean> =>
      await fetch(this.url).then(
        () => true,
        () => false,
      );
    await until(answers, { what: 'the MCP server to listen', timeoutMs: 15_000 });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
