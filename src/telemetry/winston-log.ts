import { createLogger, format, transports } from 'winston';
import type { Log, LogFields } from './log.ts';
import type { Redactor } from './redactor.ts';

/** From the most to the least urgent. */
const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof LEVELS)[number];

export interface LogOptions {
  level: Level;
  format: 'pretty' | 'json';
  redactor: Redactor;
  /** Where the lines go; the standard output when absent. */
  stream?: NodeJS.WritableStream;
}

/** A log on winston: one line per entry, everything redacted before it is formatted. */
export function createLog(options: LogOptions): Log {
  const { redactor } = options;
  const transport = options.stream
    ? new transports.Stream({ stream: options.stream })
    : new transports.Console();
  const logger = createLogger({
    level: options.level,
    format: format.printf((info) => (options.format === 'json' ? jsonLine(info) : prettyLine(info))),
    transports: [transport],
  });
  // A log that cannot be written must not stop the gateway.
  logger.on('error', () => undefined);
  const stacks = options.level === 'debug';
  const write = (level: Level, message: string, fields: LogFields = {}): void => {
    const safe = redactor.redactFields(fields, { stacks });
    logger.log({
      level,
      message: redactor.redactText(message),
      fields: safe,
      time: new Date().toISOString(),
    });
  };
  const enabled = LEVELS.slice(0, LEVELS.indexOf(options.level) + 1);
  const at = (level: Level): Log[Level] =>
    enabled.includes(level) ? (message, fields) => write(level, message, fields) : () => undefined;
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

type Line = Readonly<Record<string, unknown>>;

function jsonLine({ time, level, message, fields }: Line): string {
  // The entry's own names win over fields with the same name, and stand first.
  const own = { time, level, message };
  return JSON.stringify({ ...own, ...(fields as LogFields), ...own });
}

function prettyLine({ time, level, message, fields }: Line): string {
  const pairs = Object.entries(fields as LogFields).map(
    ([key, value]) => ` ${oneLine(key)}=${pretty(value)}`,
  );
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${oneLine(String(message))}${pairs.join('')}`;
}

function pretty(value: unknown): string {
  const isWord = typeof value === 'string' && /^[\w./:@-]+$/.test(value);
  return isWord ? value : (JSON.stringify(value) ?? 'undefined');
}

/** Control characters escaped: a text from outside can neither forge a line nor steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
