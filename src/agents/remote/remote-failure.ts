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

/** Where an answer says that the server, or a proxy before it, is away for now. */
const awayStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What an HTTP status alone says, whatever the body. */
export function refusalOf(status: number): RemoteFailure | undefined {
  if (status === 401 || status === 403) return refusedCredentials(`HTTP ${status}`);
  if (awayStatuses.has(status)) return away(`HTTP ${status}`);
  const isRedirect = status >= 300 && status < 400;
  return isRedirect ? new RemoteFailure('The remote agent answered with a redirect.') : undefined;
}

export function refusedCredentials(how: string): RemoteFailure {
  return new RemoteFailure(
    `The remote agent refused the gateway's credentials (${how}). The gateway's operator must mend them.`,
  );
}

export function away(how: string): RemoteFailure {
  return new RemoteFailure(`The remote agent is away (${how}). Send the message again later.`, {
    broken: true,
  });
}

/** An error that no A2A server answers with. */
export function notA2a(status: number): RemoteFailure {
  return new RemoteFailure(`The remote agent answered with HTTP ${status}, and not as A2A servers do.`);
}
