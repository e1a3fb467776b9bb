import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { isTooDeep, isUnsafe } from './json-safety.ts';
import { Problem } from './problem.ts';

/** How long a refused body may go on arriving, unread, so that its sender gets to see the answer. */
const DISCARD_MS = 10_000;

const defaultDepth = 64;

export interface JsonBodyOptions {
  /** Largest body in bytes. */
  maxBytes: number;
  /** Deepest nesting of objects and arrays. */
  maxDepth?: number;
}

/**
 * Reads a request's body as JSON; undefined when it is empty. The content type is not looked at.
 * @throws Problem `payload_too_large`; `malformed_json` for what is no JSON in UTF-8; `invalid_message` for
 * JSON that nests too deep, has keys that reach prototypes, or text that is no valid Unicode;
 * `content_type_not_supported` for a compressed body.
 */
export async function readJsonBody(request: IncomingMessage, options: JsonBodyOptions): Promise<unknown> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    discard(request);
    throw new Problem(
      'content_type_not_supported',
      'The body is compressed: send it without Content-Encoding.',
    );
  }
  if (Number(request.headers['content-length'] ?? 0) > options.maxBytes) {
    discard(request);
    throw tooLarge(options.maxBytes);
  }
  const bytes = await readBytes(request, options.maxBytes);
  return bytes.length === 0 ? undefined : parseJson(bytes, options.maxDepth ?? defaultDepth, 'The body');
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      stop();
      discard(request);
      reject(tooLarge(maxBytes));
    };
    const onEnd = (): void => {
      stop();
      const [first] = chunks;
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length));
    };
    const onCutOff = (): void => {
      stop();
      reject(new Problem('malformed_json', 'The request ended before its body was complete.'));
    };
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onCutOff);
    };
    // The caller may have gone while something else was awaited: then no event comes any more.
    if (request.destroyed || request.readableEnded) return onCutOff();
    // A cut connection is also an `error`, which would end the process if nobody listened; `close` follows it.
    request.on('data', onData).on('end', onEnd).on('close', onCutOff).on('error', ignore);
  });
}

function ignore(): void {}

/**
 * Lets the rest of the body arrive and forgets it. Closing at once would reset the connection, and the
 * sender would lose the answer that says why; a sender who does not stop is cut.
 */
function discard(request: IncomingMessage): void {
  if (request.destroyed || request.readableEnded) return;
  const timer = setTimeout(() => request.destroy(), DISCARD_MS);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  request.on('error', ignore).once('end', stop).once('close', stop).resume();
}

/**
 * Parses JSON in UTF-8 that a caller sent.
 * @param what it is called in the refusal, at the beginning of a sentence
 * @throws Problem malformed_json, or invalid_message for what nests too deep or must not be stored.
 */
export function parseJson(bytes: Buffer, maxDepth: number, what: string): unknown {
  if (!isUtf8(bytes)) throw new Problem('malformed_json', `${what} is not valid UTF-8.`);
  if (isTooDeep(bytes, maxDepth)) {
    throw new Problem('invalid_message', `${what} is nested more than ${maxDepth} levels deep.`);
  }
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, so it is neither shown nor kept.
    throw new Problem('malformed_json', `${what} is not valid JSON.`);
  }
  if (isUnsafe(text, value)) {
    throw new Problem(
      'invalid_message',
      `${what} has a key that is not allowed (__proto__, constructor.prototype), or text with NUL or lone surrogates.`,
    );
  }
  return value;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('payload_too_large', `The body is larger than ${maxBytes} bytes.`, {
    details: { max_bytes: maxBytes },
  });
}
