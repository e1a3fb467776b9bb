import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** One event of the stream, or one comment line (then `data` is empty and there is nothing else). */
export interface SseFrame {
  id?: string;
  event?: string;
  data: string;
  comment?: string;
}

export type SseFrames = AsyncGenerator<SseFrame, void, undefined>;

/**
 * The frames of a fetch or undici response. Leaving the loop closes the connection.
 * @throws Error when the answer is no event stream; it says what came instead.
 */
export async function* readSse(response: Response): SseFrames {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || !response.body) {
    throw new Error(`No event stream: ${response.status} ${type} ${await response.text()}`);
  }
  yield* parseSse(response.body);
}

/**
 * Parses a stream of bytes as the HTML standard says (§9.2.6), however it is cut into chunks: all three line
 * ends, a byte order mark, several data lines. Unlike a browser it also yields comments, gives `id` only to
 * the frame that carries it, and yields an event without data if it has an id or a name.
 */
export async function* parseSse(chunks: AsyncIterable<Uint8Array>): SseFrames {
  let fields: SseFrame | undefined;
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (fields) yield { ...fields, data: fields.data.replace(/\n$/, '') };
      fields = undefined;
    } else if (line.startsWith(':')) {
      yield { data: '', comment: line.slice(1).replace(/^ /, '') };
    } else {
      fields = withField(fields, line);
    }
  }
  // What stands after the last empty line was cut off, and does not count.
}

function withField(fields: SseFrame | undefined, line: string): SseFrame | undefined {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  const { data = '' } = fields ?? {};
  if (name === 'data') return { ...fields, data: `${data}${value}\n` };
  if (name === 'event') return { ...fields, data, event: value };
  if (name === 'id' && !value.includes('\0')) return { ...fields, data, id: value };
  return fields;
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    // A carriage return at the very end may be half of a line end: it stays in the rest.
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}

/** All events until the stream ends; comments are left out. */
export async function collect(frames: AsyncIterable<SseFrame>): Promise<SseFrame[]> {
  const events: SseFrame[] = [];
  for await (const frame of frames) if (frame.comment === undefined) events.push(frame);
  return events;
}

/**
 * The next `count` events, comments left out; the stream stays open for more.
 * @throws Error when it ends before.
 */
export async function take(frames: SseFrames, count: number): Promise<SseFrame[]> {
  const events: SseFrame[] = [];
  while (events.length < count) {
    const { done, value } = await frames.next();
    if (done) throw new Error(`The stream ended after ${events.length} of ${count} events`);
    if (value.comment === undefined) events.push(value);
  }
  return events;
}

/** Opens a stream, takes `count` events and then breaks the connection, as a client does that leaves. */
export async function cutAfter(
  count: number,
  open: (signal: AbortSignal) => Promise<Response>,
): Promise<SseFrame[]> {
  const controller = new AbortController();
  try {
    return await take(readSse(await open(controller.signal)), count);
  } finally {
    controller.abort();
  }
}

export interface SocketStream {
  status: number;
  headers: IncomingHttpHeaders;
  /** The socket is read only as frames are asked for, but for a buffer of some kB: a slow reader just does not ask. */
  frames: SseFrames;
  socket: Socket;
}

export interface SocketRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** Opens a stream on a connection of its own, with the socket in hand: to stall, to pause, to reset it. */
export async function openOnSocket(url: string, options: SocketRequest = {}): Promise<SocketStream> {
  const { method = 'GET', headers = {}, body = '' } = options;
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(body);
  const response = await answerTo(outgoing);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    frames: parseSse(response),
    socket: response.socket,
  };
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve).once('error', reject);
  return promise;
}
