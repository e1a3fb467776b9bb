import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

/** A PostgreSQL for one test file. */
export interface TestPostgres {
  /** Address of the administrator, password included. */
  url: string;
  close(): Promise<void>;
}

/** PostgreSQL refuses to run as root; user `nobody` exists everywhere. */
const nobody = 65_534;
const administrator = 'postgres';
const password = 'test-administrator';

/**
 * `describe` for tests that need a PostgreSQL: one from PATH (or Debian's place for it), or that of
 * `POSTGRES_TEST_URL`. Without one they are skipped, which one line tells.
 * @throws Error without one when `REQUIRE_POSTGRES` is set.
 */
export function describeWithPostgres(name: string, tests: () => void): void {
  if (process.env['POSTGRES_TEST_URL'] || binaries()) {
    describe(name, tests);
    return;
  }
  const reason = 'neither POSTGRES_TEST_URL nor the programs initdb and postgres are there';
  if (process.env['REQUIRE_POSTGRES']) throw new Error(`PostgreSQL is required, but ${reason}.`);
  process.stderr.write(`Skipped: ${name} (${reason}).\n`);
  describe.skip(name, tests);
}

/** Starts one in a folder of its own on a free loopback port, without care for its data. */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env['POSTGRES_TEST_URL'];
  if (given) return { url: given, close: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'gateway-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  if (isRoot()) chownSync(folder, nobody, nobody);
  await initialise(data, passwordFile);
  const port = await freePort();
  const place = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder];
  const settings = ['fsync=off', 'autovacuum=off', 'shared_buffers=16MB', 'max_connections=40'];
  const server = run('postgres', [...place, ...settings.flatMap((setting) => ['-c', setting])]);
  await readiness(server);
  return {
    url: `postgres://${administrator}:${password}@127.0.0.1:${port}/postgres`,
    close: async () => {
      const ended = once(server, 'exit');
      server.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The address with another login. */
export function asLogin(url: string, login: string, loginPassword: string): string {
  const address = new URL(url);
  address.username = encodeURIComponent(login);
  address.password = encodeURIComponent(loginPassword);
  return address.href;
}

async function initialise(data: string, passwordFile: string): Promise<void> {
  const login = ['--username', administrator, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const content = ['--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions'];
  const initdb = run('initdb', ['-D', data, ...login, ...content]);
  const said = collect(initdb);
  const [code] = (await once(initdb, 'close')) as [number | null];
  if (code !== 0) throw new Error(`initdb failed: ${said.text}`);
}

async function readiness(server: ChildProcess): Promise<void> {
  const said = collect(server);
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', () => {
      if (said.text.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL ended: ${said.text}`)));
  });
}

function run(program: string, args: readonly string[]): ChildProcess {
  return spawn(join(binaries() ?? '', program), args, {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    ...(isRoot() && { uid: nobody, gid: nobody }),
  });
}

function collect(child: ChildProcess): { text: string } {
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said.text = (said.text + text).slice(-4000);
    });
  }
  return said;
}

/** The folder with the server's programs: Debian has them in no folder of PATH. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...versions(debian)];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => isProgram(join(folder, name))));
}

function versions(folder: string): string[] {
  try {
    const names = readdirSync(folder).sort((one, other) => Number(other) - Number(one));
    return names.map((name) => join(folder, name, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
