import type { Log } from '../../src/telemetry/log.ts';

/** A log that keeps its lines, each with its level in front. */
export function collectingLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
