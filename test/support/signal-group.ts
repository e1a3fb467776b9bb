/** Signals a process and those that it started, as main.ts does. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  process.kill(-group, signal);
}
