import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deadlineMs = 10_000;

/** Milliseconds from the spawn of the gateway, with the repository's agents, until its port accepts; so often. */
export async function measureStarts(times: number): Promise<number[]> {
  const starts: number[] = [];
  for (let index = 0; index < times; index++) starts.push(await measureStart());
  return starts;
}

async function measureStart(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-bench-'));
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATA_DIR: folder,
      ADMIN_API_KEY: 'benchmark-administrator-key-0123',
    },
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    while (!(await accepts(port))) {
      if (performance.now() - startedAt > deadlineMs) throw new Error('The gateway does not start.');
      await delay(2);
    }
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
