import type { Failure } from '../../runs/event.ts';

/** What a remote agent, or the way to it, made impossible; the message is shown to the caller. */
export class RemoteFailure extends Error {
  readonly failure: Failure;
  /** The connection failed, not the agent: what runs there may be asked for again. */
  readonly broken: boolean;

  constructor(message: string, options: { broken?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RemoteFailure';
    this.failure = { code: 'provider_error', message };
    this.broken = options.broken ?? false;
  }
}

const longestQuote = 200;

/** A remote's own words, fit to be quoted: one short line, without the gateway's credentials. */
export function quoted(words: string, secrets: readonly string[]): string {
  let text = words;
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '[redacted]');
  text = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
}
