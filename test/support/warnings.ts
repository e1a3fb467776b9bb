import type { Log, LogFields } from '../../src/telemetry/log.ts';

export interface Warning {
  message: string;
  fields: LogFields | undefined;
}

/** A log that keeps nothing but its warnings. */
export function warningsTo(warnings: Warning[]): Log {
  const ignore = (): void => undefined;
  return {
    error: ignore,
    info: ignore,
    debug: ignore,
    warn: (message, fields) => void warnings.push({ message, fields }),
  };
}
