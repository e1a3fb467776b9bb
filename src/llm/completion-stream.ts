import { createParser } from 'eventsource-parser';

/** A provider that sends more than this without an end of line is not speaking SSE. */
const longestEvent = 4_194_304;

/**
 * Reads the body of a streamed completion: its chunks, as many at a time as came in one piece of the network.
 * The client's own iterator hands out one chunk per turn of promises, which takes twice the processor time.
 * @throws SyntaxError for an event that is no JSON, `{code, error}` when the provider reports an error inside the
 * stream, else what the network did.
 */
export async function* completionChunks(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<unknown[], void, undefined> {
  const events = new ChunkParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // Some servers leave out the empty line after the last event.
      const chunks = events.feed(done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true }));
      if (chunks.length > 0) yield chunks;
      if (events.failure) throw events.failure;
      if (done || events.done) break;
    }
    // The end of the body, which is on its way, gives the connection back.
    if (events.done) reader.read().catch(() => undefined);
  } finally {
    if (!events.done) reader.cancel().catch(() => undefined);
  }
}

/** Text in, parsed chunks out. */
class ChunkParser {
  /** Whether `[DONE]` came. */
  done = false;
  /** What is wrong with the stream: to be thrown after what came before it. */
  failure: Error | undefined;
  #ready: unknown[] = [];
  readonly #parser = createParser({
    onEvent: ({ data }) => this.#add(data),
    maxBufferSize: longestEvent,
  });

  feed(text: string): unknown[] {
    this.#parser.feed(text);
    const chunks = this.#ready;
    this.#ready = [];
    return chunks;
  }

  #add(data: string): void {
    if (this.done || this.failure) return;
    if (data.startsWith('[DONE]')) this.done = true;
    else this.#addChunk(data);
  }

  #addChunk(data: string): void {
    try {
      const chunk: unknown = JSON.parse(data);
      const error = typeof chunk === 'object' && chunk !== null && 'error' in chunk ? chunk.error : undefined;
      if (error) this.failure = failureOf(error);
      else this.#ready.push(chunk);
    } catch (error) {
      this.failure = error as Error;
    }
  }
}

/** An error object inside the stream, in the shape in which the client throws it. */
function failureOf(error: unknown): Error {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return Object.assign(new Error('The provider reported an error inside the stream.'), { code, error });
}
