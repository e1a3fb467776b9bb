import type { Request, Response } from 'express';
import { toProblem } from '../http/error-table.ts';
import { logProblem, setProblemHeaders } from '../http/error-writer.ts';
import type { KeepAlive } from '../http/keep-alive.ts';
import { Problem } from '../http/problem.ts';
import { queryText } from '../http/query-text.ts';
import { requestIdOf } from '../http/request-context.ts';
import { SseWriter } from '../http/sse.ts';
import type { Log } from '../telemetry/log.ts';
import type { Call } from './call.ts';
import { openCall } from './open-call.ts';
import type { RunStream } from './run-stream.ts';
import { namedVersion } from './versions.ts';

/** The version that a request names in its header, else in its query; undefined: none. */
export function requestedVersion(request: Request<{ agentId: string }>): string | undefined {
  const header = request.headers['a2a-version'];
  return namedVersion(typeof header === 'string' ? header : undefined, queryText(request, 'A2A-Version'));
}

/** Reads all that headers and query say of the call. For both transports over HTTP. */
export function openHttpCall(
  request: Request<{ agentId: string }>,
  response: Response,
  known: Pick<Call, 'principal' | 'agent' | 'codec'>,
): Call {
  const { headers } = request;
  const lastEventId = headers['last-event-id'];
  const parameters = {
    extensions: [headers['a2a-extensions'], headers['x-a2a-extensions']],
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    llmId: queryText(request, 'llmId'),
    properties: queryText(request, 'properties'),
  };
  return openCall(parameters, known, () => signalOf(response));
}

/** One for all: an abort without a reason makes an exception with a stack, at the end of every answer. */
const readerGone = new Error('The reader is gone.');

/** Aborts when the answer's socket is closed. */
function signalOf(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort(readerGone));
  return controller.signal;
}

/** @throws Problem content_type_not_supported for a body that is not JSON. */
export function requireJson(request: Request<{ agentId: string }>): void {
  if (request.is(['application/json', 'application/a2a+json']) !== false) return;
  throw new Problem(
    'content_type_not_supported',
    'The body of an A2A request is application/json or application/a2a+json.',
  );
}

/** The activated extensions stand in the header of streams too, so they are said before the first byte. */
export function announceExtensions(response: Response, call: Call): void {
  if (call.activated.length > 0) response.setHeader(call.codec.extensionsHeader, call.activated.join(', '));
}

/**
 * Logs what went wrong and sets the headers that it asks for; the caller writes it in its own shape. Undefined:
 * half an answer was out already, and all that was left was to cut it off.
 */
export function openRefusal(response: Response, error: unknown, log: Log): Problem | undefined {
  const problem = toProblem(error);
  logProblem(problem, log, requestIdOf(response.req));
  if (response.headersSent) {
    response.destroy();
    return undefined;
  }
  setProblemHeaders(response, problem);
  return problem;
}

/** A batch that is longer is written in pieces, so that a reader who does not read holds no more than one of them. */
const chunkCharacters = 65_536;

export interface FrameOptions {
  keepAlive: KeepAlive;
  log: Log;
  /** What stands around each event's JSON. */
  opening: string;
  closing: string;
}

/** Writes the frames until the run is at rest or the reader is gone. Never rejects. */
export async function writeFrames(
  response: Response,
  frames: RunStream,
  options: FrameOptions,
): Promise<void> {
  const { keepAlive, log, opening, closing } = options;
  const writer = new SseWriter(response, keepAlive);
  try {
    writer.open();
    // A reader that leaves ends its stream at once, and not with the next event.
    writer.onClose(() => void frames.return());
    for await (const batch of frames) {
      let chunk = '';
      for (const [index, frame] of batch.entries()) {
        chunk += `id: ${frame.id}\ndata: ${opening}${frame.json}${closing}\n\n`;
        if (chunk.length < chunkCharacters && index < batch.length - 1) continue;
        const full = writer.write(chunk);
        if (full) await full;
        if (writer.closed) return;
        chunk = '';
      }
    }
    writer.end();
  } catch (error) {
    // There is no place for an error in the middle of a stream: its reader resumes after its last event.
    logProblem(toProblem(error), log, requestIdOf(response.req));
    response.destroy();
  }
}
