import type { Dispatcher, Headers, Response } from 'undici';

/** One outgoing request whose answer is read as it comes; a pause of 5 minutes in it is an error (undici's default). */
export interface OpenRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
}

/** One outgoing request; the caller's signal is its only time limit. */
export interface EgressRequest extends OpenRequest {
  /** Bytes of the (decoded) answer that are read; the rest is dropped. */
  maxBytes: number;
}

/** An answer of any status; a redirect is given back as it is. */
export interface GuardedResponse {
  status: number;
  headers: Headers;
  body: Buffer;
  /** The answer was longer than `maxBytes`. */
  truncated: boolean;
}

/**
 * One request over the given dispatcher: redirects are not followed, and the answer is read up to its cap.
 * @throws the signal's reason when it aborts; else what made the connection fail.
 */
export async function cappedFetch(
  dispatcher: Dispatcher,
  url: URL,
  { maxBytes, ...request }: EgressRequest,
): Promise<GuardedResponse> {
  return await withCause(request.signal, async () => {
    const response = await send(dispatcher, url, request);
    const body = await readCapped(response, maxBytes);
    return { status: response.status, headers: response.headers, ...body };
  });
}

/** The same with an answer whose body is still to be read, by whoever bounds it. */
export async function openFetch(dispatcher: Dispatcher, url: URL, request: OpenRequest): Promise<Response> {
  return await withCause(request.signal, async () => await send(dispatcher, url, request));
}

async function send(
  dispatcher: Dispatcher,
  url: URL,
  { signal, headers, ...rest }: OpenRequest,
): Promise<Response> {
  const { fetch } = await import('undici');
  const init = { ...rest, headers: { ...headers }, redirect: 'manual' as const, dispatcher };
  return await fetch(url, { ...init, ...(signal ? { signal } : {}) });
}

async function withCause<T>(signal: AbortSignal | undefined, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    signal?.throwIfAborted();
    // undici says "fetch failed" and keeps the reason in the cause.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  }
}

async function readCapped(
  response: Response,
  maxBytes: number,
): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let left = maxBytes;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    chunks.push(bytes.subarray(0, left));
    // Leaving the loop cancels the body, which ends its connection.
    if (bytes.length > left) return { body: Buffer.concat(chunks), truncated: true };
    left -= bytes.length;
  }
  return { body: Buffer.concat(chunks), truncated: false };
}
