import type { Dispatcher, Headers, Response } from 'undici';

/** One outgoing request; the caller's signal is its only time limit. */
export interface EgressRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
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
  request: EgressRequest,
): Promise<GuardedResponse> {
  const { fetch } = await import('undici');
  const { maxBytes, signal, headers, ...rest } = request;
  try {
    const response = await fetch(url, {
      ...rest,
      headers: { ...headers },
      redirect: 'manual',
      dispatcher,
      ...(signal ? { signal } : {}),
    });
    const body = await readCapped(response, maxBytes);
    return { status: response.status, headers: response.headers, ...body };
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
