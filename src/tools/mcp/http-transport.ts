import type { FetchLike, Transport } from '@modelcontextprotocol/client';
import type { RequestInit as UndiciInit, Response as UndiciResponse } from 'undici';
import { mostMessageBytes } from './limits.ts';

export interface HttpOptions {
  /** A literal address of the operator's own files: it may be anywhere. */
  url: string;
  /** Sent with every request. */
  headers: Readonly<Record<string, string>>;
  events: TransportEvents;
}

/** What the protocol's own client does not tell. */
export interface TransportEvents {
  /** The answer to a request broke off: nothing more comes for it. */
  onBroken: () => void;
  /** The stream of notifications ended: from now on some may be missed. */
  onSilent: () => void;
}

export interface HttpTransport {
  transport: Transport;
  /** Asks the server to forget the session. */
  endSession: () => Promise<void>;
  /** Ends the kept connections. */
  release: () => Promise<void>;
}

/** A server that is called over streamable HTTP. Redirects are not followed, so headers reach no other address. */
export async function openHttpTransport({ url, headers, events }: HttpOptions): Promise<HttpTransport> {
  const [{ StreamableHTTPClientTransport }, { Agent, fetch }] = await Promise.all([
    import('@modelcontextprotocol/client'),
    import('undici'),
  ]);
  // How long an answer may take is the call's business; the stream of notifications is silent most of the time.
  const agent = new Agent({ allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers }, redirect: 'manual' },
    fetch: boundedFetch(async (target, init) => await fetch(target, { ...init, dispatcher: agent }), events),
  });
  return {
    transport,
    endSession: async () => await transport.terminateSession(),
    release: async () => await agent.destroy(),
  };
}

type Fetch = (url: string | URL, init: UndiciInit) => Promise<UndiciResponse>;

/** The same, with an upper limit for each message that comes. */
function boundedFetch(send: Fetch, { onBroken, onSilent }: TransportEvents): FetchLike {
  return async (url, init) => {
    const response = await send(url, init as UndiciInit);
    const { status, statusText } = response;
    const head = { status, statusText, headers: [...response.headers] };
    if (!response.body) return new Response(null, head);
    const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
    const onEnd = (whole: boolean): void => {
      if (init?.signal?.aborted) return;
      if (isStream && bringsNotifications(init)) onSilent();
      else if (init?.method === 'POST' && !whole) onBroken();
    };
    const pieces = bounded(response.body as AsyncIterable<Uint8Array>, isStream, onEnd);
    return new Response(ReadableStream.from<Uint8Array>(pieces), head);
  };
}

/** A GET up to the protocol of 2025, since then a request of its own. */
function bringsNotifications(init: RequestInit | undefined): boolean {
  const { method, body } = init ?? {};
  return method === 'GET' || (typeof body === 'string' && body.includes('"method":"subscriptions/listen"'));
}

/** Counts what one message has: a stream's begins anew after each empty line. */
async function* bounded(
  body: AsyncIterable<Uint8Array>,
  isStream: boolean,
  onEnd: (whole: boolean) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  let tail = '';
  try {
    for await (const chunk of body) {
      const text = isStream ? tail + Buffer.from(chunk).toString('latin1') : '';
      const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'));
      size = end < 0 ? size + chunk.length : text.length - end;
      tail = text.slice(-3);
      if (size > mostMessageBytes) throw new Error('a message of the server is too large');
      yield chunk;
    }
    onEnd(true);
  } catch (error) {
    onEnd(false);
    throw error;
  }
}
