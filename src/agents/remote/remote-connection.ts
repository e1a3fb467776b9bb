import type { EventSourceMessage } from 'eventsource-parser';
import type { EgressGuard } from '../../tools/egress/egress-guard.ts';
import { EgressRefusedError } from '../../tools/egress/egress-guard.ts';
import { eventFrames } from './event-frames.ts';
import { notA2a, refusalOf, RemoteFailure } from './remote-failure.ts';

/** Bytes that one run may read of its remote agent's streams. */
const mostStreamed = 64 * 1024 * 1024;
/** Bytes of any other answer: a task with all its artifacts. */
const largestAnswer = 16 * 1024 * 1024;

export interface ConnectionOptions {
  guard: Pick<EgressGuard, 'open' | 'trustedOpen'>;
  /** Origin of the card's address: the operator wrote it, so it is trusted, and alone gets `headers`. */
  origin: string;
  /** The gateway's own headers, names in lower case. */
  headers: Readonly<Record<string, string>>;
}

/** The HTTP of one run: what the SDK's client is given as its `fetch`, bounded and with the gateway's headers. */
export class RemoteConnection {
  readonly #options: ConnectionOptions;
  /** The events that were read, but not yet handed out by the SDK's client, which does not show all of them. */
  #frames: EventSourceMessage[] = [];
  #cursor: string | undefined;
  readonly #streamed = { left: mostStreamed };

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * To be asked for with each event that the SDK's client hands out: its JSON text, if it came in a stream. A
   * later subscription resumes after the last one.
   */
  handedOut(): string | undefined {
    const frame = this.#frames.shift();
    this.#cursor = frame?.id ?? this.#cursor;
    return frame?.data;
  }

  /** @throws RemoteFailure when the remote cannot be reached, or answers as no A2A agent does. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = this.#headersOf(init);
    const signal = init?.signal ?? undefined;
    try {
      const response = await this.#open(url, {
        method: init?.method ?? 'GET',
        headers,
        ...(typeof init?.body === 'string' && { body: init.body }),
        ...(signal && { signal }),
      });
      const type = response.headers.get('content-type') ?? '';
      await refuseAnswer(response, type);
      const isStream = type.startsWith('text/event-stream');
      const body = response.body && this.#bodyOf(response.body, { isStream, signal });
      return new Response(body, { status: response.status, headers: { 'content-type': type } });
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(error);
    }
  };

  #headersOf(init: RequestInit | undefined): Record<string, string> {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const resumes = this.#cursor !== undefined && headers['accept'] === 'text/event-stream';
    return {
      ...headers,
      ...(resumes && this.#cursor !== undefined && { 'last-event-id': this.#cursor }),
      ...this.#options.headers,
    };
  }

  #open(url: string, request: Parameters<EgressGuard['open']>[1]): ReturnType<EgressGuard['open']> {
    const { guard, origin, headers } = this.#options;
    const other = URL.parse(url)?.origin;
    if (other === origin) return guard.trustedOpen(url, request);
    // A card that was tampered with must not choose who is given them.
    if (Object.keys(headers).length > 0) throw otherOrigin(origin, other ?? 'no origin');
    return guard.open(url, request);
  }

  #bodyOf(
    body: ReadableStream<Uint8Array>,
    { isStream, signal }: { isStream: boolean; signal: AbortSignal | undefined },
  ): ReadableStream<Uint8Array> {
    this.#frames = [];
    const bytes = ReadableStream.from(
      bounded(body, isStream ? this.#streamed : { left: largestAnswer }, signal),
    );
    return isStream ? bytes.pipeThrough(eventFrames((frame) => this.#frames.push(frame))) : bytes;
  }
}

/** The bytes as they come, as long as there are some left. */
async function* bounded(
  body: ReadableStream<Uint8Array>,
  bytes: { left: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) {
      bytes.left -= chunk.byteLength;
      if (bytes.left < 0) throw tooMuch();
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
}

function tooMuch(): RemoteFailure {
  return new RemoteFailure(
    `The remote agent sent more than ${largestAnswer} bytes at once, or ${mostStreamed} in all. Ask for less at once.`,
  );
}

/** An error that is no answer of an A2A server goes no further; the SDK's client reads the others. */
async function refuseAnswer(
  { status, body }: { status: number; body: ReadableStream | null },
  type: string,
): Promise<void> {
  const failure = refusalOf(status) ?? (status < 400 || type.includes('json') ? undefined : notA2a(status));
  if (!failure) return;
  await body?.cancel();
  throw failure;
}

function otherOrigin(origin: string, other: string): RemoteFailure {
  return new RemoteFailure(
    `The remote agent's card at ${origin} names an address at ${other}, and headers are sent to the card's origin only. The gateway's operator must name the card at ${other}, or declare no headers.`,
  );
}

function unreachable(error: unknown): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  if (error instanceof EgressRefusedError) return new RemoteFailure(error.message, { cause: error });
  const message = 'The remote agent could not be reached. Send the message again later.';
  return new RemoteFailure(message, { broken: true, cause: error });
}
