import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { adminKey } from './gateway.ts';
import { until } from './wait.ts';

/** A folder with agent files and one for the data, for gateways that come one after the other. */
export interface GatewayHome {
  cards: string;
  data: string;
  remove(): Promise<void>;
}

/** A gateway in a process of its own. */
export interface GatewayProcess {
  /** Where it listens; empty if it ended instead. */
  url: string;
  /** What it has written to its standard output and error so far. */
  output(): string;
  /** Nobody reads its standard output any more, as when a log collector dies. */
  closeOutput(): void;
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
}

export async function makeHome(agents: readonly { id: string }[]): Promise<GatewayHome> {
  const root = await mkdtemp(join(tmpdir(), 'a2a-gateway-process-'));
  const cards = await mkdtemp(join(root, 'cards-'));
  for (const agent of agents) await writeFile(join(cards, `${agent.id}.yaml`), stringify(agent));
  return { cards, data: join(root, 'data'), remove: async () => await rm(root, { recursive: true }) };
}

/** Starts `src/main.ts`; resolves when it listens, or has ended without. */
export async function startProcess(
  home: GatewayHome,
  env: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts')], {
    env: {
      PORT: '0',
      AGENT_CARDS_DIR: home.cards,
      DATA_DIR: home.data,
      ADMIN_API_KEY: adminKey,
      LOG_FORMAT: 'json',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  return {
    url: await urlOf(child, () => output),
    output: () => output,
    closeOutput: () => void child.stdout.destroy(),
    exited,
    signal,
    end: async (name) => {
      signal(name);
      return await exited;
    },
  };
}

async function urlOf(child: ChildProcess, output: () => string): Promise<string> {
  const announced = (): string | undefined => /listens on (\S+)\n[^]*\n\n$/.exec(output())?.[1];
  const known = await until(() => announced() ?? (hasEnded(child) ? 'ended' : undefined), {
    what: 'the gateway to listen',
    timeoutMs: 15_000,
  });
  return known === 'ended' ? '' : known;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
