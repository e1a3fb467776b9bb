/**
 * Starts the gateway as the README says, on a free port and with an empty data folder, talks to it once and
 * stops it. Needs no model: the run is answered by the offline provider. `npm run smoke`.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { collect, readSse } from './support/sse-reader.ts';
import { until } from './support/wait.ts';

const limits = { startMs: 30_000, answerMs: 30_000, stopMs: 30_000 };
const agentId = 'docs-assistant';
const adminApiKey = `smoke-${randomUUID()}`;

interface Gateway {
  base: string;
  /** npm, which passes signals on. */
  process: ChildProcessByStdio<null, Readable, Readable>;
  exited: Promise<string>;
  output: string[];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('There is no free port');
  return address.port;
}

async function start(dataDir: string): Promise<Gateway> {
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const child = spawn('npm', ['start'], {
    cwd: join(import.meta.dirname, '..'),
    // A group of its own, so that nothing is left behind however this ends. Nothing of the caller's
    // settings reaches the gateway; bash, because Debian's sh stays in between and takes the signal for itself.
    detached: true,
    env: {
      PATH,
      HOME,
      npm_config_script_shell: 'bash',
      npm_config_update_notifier: 'false',
      PORT: String(port),
      DATA_DIR: dataDir,
      ADMIN_API_KEY: adminApiKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  return { base: `http://127.0.0.1:${port}`, process: child, exited, output };
}

async function becomesReady({ base, exited }: Gateway): Promise<void> {
  let ended: string | undefined;
  void exited.then((how) => (ended = how));
  const answersReady = (): Promise<boolean> =>
    fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  const ready = await until(async () => ended ?? (await answersReady()), {
    what: '/health/ready to answer 200',
    timeoutMs: limits.startMs,
  });
  if (ready !== true) throw new Error(`The gateway stopped while starting: ${ready}`);
}

async function publishesCard({ base }: Gateway): Promise<void> {
  const url = `${base}/a2a/${agentId}/.well-known/agent-card.json`;
  const response = await fetch(url, { signal: AbortSignal.timeout(limits.answerMs) });
  const text = await response.text();
  if (!response.ok || typeof JSON.parse(text).name !== 'string') {
    throw new Error(`${url} answered ${response.status} ${text}`);
  }
}

async function streamsRun({ base }: Gateway): Promise<void> {
  const response = await fetch(`${base}/a2a/${agentId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'message/stream',
      params: { message: question() },
    }),
    signal: AbortSignal.timeout(limits.answerMs),
  });
  const frames = await collect(readSse(response));
  const last = frames.at(-1)?.data ?? '{}';
  const { kind, final, status } = JSON.parse(last).result ?? {};
  if (kind !== 'status-update' || final !== true || status?.state !== 'completed') {
    throw new Error(`The stream of ${frames.length} events does not end with completed, but with ${last}`);
  }
}

function question(): object {
  const parts = [{ kind: 'text', text: 'What can you help me with?' }];
  return { kind: 'message', role: 'user', messageId: randomUUID(), parts };
}

async function stops({ process: npm, exited }: Gateway): Promise<void> {
  npm.kill('SIGTERM');
  const ending = { how: '' };
  void exited.then((how) => (ending.how = how));
  await until(() => ending.how, { what: 'the gateway to stop after SIGTERM', timeoutMs: limits.stopMs });
  if (ending.how !== 'exit code 0') throw new Error(`After SIGTERM the gateway ended with ${ending.how}`);
}

const steps: readonly [name: string, run: (gateway: Gateway) => Promise<void>][] = [
  ['becomes ready', becomesReady],
  [`publishes the card of ${agentId}`, publishesCard],
  ['streams a run to its completion', streamsRun],
  ['stops on SIGTERM with exit code 0', stops],
];

/** Whatever is left of npm and the gateway. */
function killGroup({ process: npm }: Gateway): void {
  try {
    if (npm.pid) process.kill(-npm.pid, 'SIGKILL');
  } catch {
    // Nobody is left, which is what is wanted.
  }
}

async function smoke(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-smoke-'));
  const gateway = await start(dataDir);
  try {
    for (const [name, run] of steps) {
      await run(gateway).catch((cause: unknown) => {
        throw new Error(`The gateway does not pass "${name}"`, { cause });
      });
      process.stdout.write(`ok: ${name}\n`);
    }
  } catch (error) {
    process.stderr.write(`${gateway.output.join('')}\n`);
    throw error;
  } finally {
    killGroup(gateway);
    await rm(dataDir, { recursive: true, force: true });
  }
}

await smoke();
