import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { RecordedRequest } from './model-server.ts';

/** Answers one request of the model server. */
export interface Reply {
  send(response: ServerResponse, request: RecordedRequest): void | Promise<void>;
}

/** A point at which a reply waits until the test lets it go on. */
export interface Gate {
  open(): void;
  readonly opened: Promise<void>;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}

/** Text goes out as one chunk; at a gate the stream waits. */
export type Piece = string | Gate;

export interface ScriptedCall {
  name: string;
  /** An object becomes JSON; a string goes out as it is. */
  arguments: object | string;
  id?: string;
}

const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

/** One frame of the stream. */
export function frame(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** A `chat.completion.chunk` with this delta. */
export function chunk(delta: object, finishReason: string | null = null): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted-1',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}

/** A whole answer of text. */
export function text(...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      await say(response, pieces);
      finish(response, 'stop');
    },
  };
}

/** The text of an answer with `response_format`: the value as JSON. */
export function json(value: unknown): Reply {
  return text(JSON.stringify(value));
}

/** Calls of tools, each with its arguments in two deltas; text may stand before them. */
export function toolCalls(calls: readonly ScriptedCall[], ...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      await say(response, pieces);
      for (const [index, call] of calls.entries()) {
        const args = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
        const half = Math.ceil(args.length / 2);
        const head = { index, id: call.id ?? `call_${index + 1}`, type: 'function' };
        const first = { ...head, function: { name: call.name, arguments: args.slice(0, half) } };
        response.write(frame(chunk({ tool_calls: [first] })));
        response.write(frame(chunk({ tool_calls: [{ index, function: { arguments: args.slice(half) } }] })));
      }
      finish(response, 'tool_calls');
    },
  };
}

/** Frames exactly as given, then the end of the response; strings become the `data` as they are. */
export function frames(...data: readonly unknown[]): Reply {
  return {
    send(response) {
      startStream(response);
      response.end(data.map(frame).join(''));
    },
  };
}

/** An error status with OpenAI's error body. */
export function status(
  code: number,
  options: { headers?: Record<string, string>; error?: object } = {},
): Reply {
  return {
    send(response) {
      response.writeHead(code, { 'content-type': 'application/json', ...options.headers });
      response.end(JSON.stringify({ error: { message: `scripted ${code}`, ...options.error } }));
    },
  };
}

/** A page instead of an answer, as proxies send it. */
export function html(code = 200): Reply {
  return {
    send(response) {
      response.writeHead(code, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<!doctype html><html><body><h1>Something else lives here</h1></body></html>');
    },
  };
}

/** Never answers. */
export function hang(): Reply {
  return {
    async send(response) {
      await once(response, 'close');
    },
  };
}

/** Says something and then nothing more. */
export function hangAfter(...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      await say(response, pieces);
      await once(response, 'close');
    },
  };
}

/** One byte at a time, forever too slow for a whole chunk: a byte every `everyMs` milliseconds. */
export function trickle(everyMs: number): Reply {
  return {
    async send(response) {
      startStream(response);
      const bytes = frame(chunk({ content: 'never complete '.repeat(1000) }));
      let sent = 0;
      const timer = setInterval(() => response.write(bytes.charAt(sent++)), everyMs);
      await once(response, 'close');
      clearInterval(timer);
    },
  };
}

/** A whole answer, each byte of it written alone, so that characters and frames are cut anywhere. */
export function byteByByte(...words: readonly string[]): Reply {
  return {
    async send(response) {
      startStream(response);
      const whole = [...words.map((content) => frame(chunk({ content }))), ...ending('stop')].join('');
      for (const byte of Buffer.from(whole)) {
        response.write(Buffer.of(byte));
        await turn();
      }
      response.end();
    },
  };
}

/** The response ends in order, but the completion does not: no finish reason. */
export function truncated(...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      await say(response, pieces);
      response.end();
    },
  };
}

/** A frame in the middle is no JSON. */
export function malformed(...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      await say(response, pieces);
      response.end(frame('{"choices":[{"delta":'));
    },
  };
}

/** The connection breaks: at once, or after the pieces. */
export function cut(...pieces: readonly Piece[]): Reply {
  return {
    async send(response) {
      if (pieces.length > 0) {
        await say(response, pieces);
        await turn();
      }
      response.socket?.destroy();
    },
  };
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

async function say(response: ServerResponse, pieces: readonly Piece[]): Promise<void> {
  startStream(response);
  response.write(frame(chunk({ role: 'assistant', content: '' })));
  for (const piece of pieces) {
    if (typeof piece === 'string') response.write(frame(chunk({ content: piece })));
    else await Promise.race([piece.opened, once(response, 'close')]);
  }
}

function finish(response: ServerResponse, reason: string): void {
  response.end(ending(reason).join(''));
}

function ending(reason: string): string[] {
  const last = { ...chunk({}), choices: [], usage };
  return [frame(chunk({}, reason)), frame(last), frame('[DONE]')];
}
