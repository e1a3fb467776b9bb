import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { linuxTest } from '../../../support/platform.ts';
import { until } from '../../../support/wait.ts';

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return (existsSync(path) ? readFileSync(path, 'utf8') : '').trim().split(' ').filter(Boolean).map(Number);
}

linuxTest('a child has none of the gateway’s secrets, and ends with it though a statement runs', async () => {
  const program = join(import.meta.dirname, 'bomb-process.ts');
  const gateway = spawn(process.execPath, [program], {
    env: { ...process.env, OPENAI_API_KEY: 'secret-4711' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [folder] = (await once(gateway.stdout.setEncoding('utf8'), 'data')) as [string];
  try {
    const [child = 0] = childrenOf(gateway.pid ?? 0);
    expect(child).toBeGreaterThan(0);
    const names = readFileSync(`/proc/${child}/environ`, 'utf8')
      .split('\0')
      .map((entry) => entry.split('=')[0]);
    expect(names.filter((name) => name !== '' && !name?.startsWith('NODE_CHANNEL_'))).toEqual([]);
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    await until(() => !existsSync(`/proc/${child}/environ`), { what: 'the child to end', timeoutMs: 10_000 });
  } finally {
    gateway.kill('SIGKILL');
    rmSync(folder.trim(), { recursive: true, force: true });
  }
});
