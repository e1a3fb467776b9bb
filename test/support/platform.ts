import { describe, test } from '@jest/globals';

/** Where this is not Linux, what is seen through /proc, or needs all of 127/8, is left out: one line says so. */
function isLinux(what: string): boolean {
  const linux = process.platform === 'linux';
  if (!linux) process.stderr.write(`Skipped: ${what} (this is not Linux).\n`);
  return linux;
}

/** `test` on Linux; elsewhere it is skipped, which one line tells. */
export function linuxTest(name: string, run: () => Promise<void>): void {
  (isLinux(name) ? test : test.skip)(name, run);
}

/** `describe` on Linux; elsewhere it is skipped, which one line tells. */
export function linuxDescribe(what: string): typeof describe | typeof describe.skip {
  return isLinux(what) ? describe : describe.skip;
}
