const mostCharacters = 300;

/** What became of a request whose connection failed. */
export type Loss = 'never-received' | 'unknown';

/** How the connection was lost; undefined: it was not, and the server itself refused. */
export function lossOf(error: unknown): Loss | undefined {
  const { code, status } = errorFields(error);
  // A server that was started anew does not know the session: 404 by the specification, 400 by many.
  if (status === 404 || status === 400 || code === 'NOT_CONNECTED' || code === 'ECONNREFUSED')
    return 'never-received';
  if (code === 'CONNECTION_CLOSED' || (status ?? 0) >= 500) return 'unknown';
  return isNetworkFailure(error) ? 'unknown' : undefined;
}

/** Whether a server does not speak the protocol of 2025: it does not know `initialize`, or refuses the version. */
export function isVersionRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === -32601 || code === -32022;
}

/** The reason in a few words, without a stop at its end. It is masked before it is cut: half a secret is one too. */
export function reasonOf(error: unknown, mask: (text: string) => string): string {
  const { code, status } = errorFields(error);
  if (code === 'CONNECTION_CLOSED' || code === 'NOT_CONNECTED') return 'it ended';
  if (code === 'ENOENT') return 'there is no such program';
  if (status !== undefined && status >= 300 && status < 400) return 'it answers with a redirect';
  if (status !== undefined) return `it answered ${status}`;
  if (isNetworkFailure(error)) return code ?? 'the connection failed';
  const message = error instanceof Error ? error.message : String(error);
  return mask(message).replaceAll(/\s+/g, ' ').slice(0, mostCharacters).replace(/\.$/, '').toWellFormed();
}

/** `fetch` says that it failed, and keeps the reason in the cause. */
function isNetworkFailure(error: unknown): boolean {
  return error instanceof Error && /^(fetch failed|terminated)$/.test(error.message);
}

function errorFields(error: unknown): { code?: string; status?: number } {
  if (!(error instanceof Error)) return {};
  const { code, status } = error as { code?: unknown; status?: unknown };
  if (typeof status === 'number') return { status };
  if (typeof code === 'string') return { code };
  return error.cause ? errorFields(error.cause) : {};
}
