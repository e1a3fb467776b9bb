import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { RemoteFailure } from './remote-failure.ts';

/** The SDK's client reads no larger event. */
export const largestEvent = 4 * 1024 * 1024;

/**
 * Passes a server-sent event stream on, whole events only: one that a broken connection cut is dropped, so that
 * whoever resumes gets it once. `onEvent` is told of each, in order.
 */
export function eventFrames(
  onEvent: (event: EventSourceMessage) => void,
): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let parser: EventSourceParser;
  return new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      parser = createParser({
        maxBufferSize: largestEvent,
        onEvent(message) {
          const { event, data } = message;
          if (data === '') return;
          onEvent(message);
          const lines = data.split('\n').map((line) => `data: ${line}\n`);
          controller.enqueue(
            encoder.encode(`${event === undefined ? '' : `event: ${event}\n`}${lines.join('')}\n`),
          );
        },
        onError(error) {
          if (error.type === 'max-buffer-size-exceeded') controller.error(tooLarge());
        },
      });
    },
    transform(chunk) {
      parser.feed(decoder.decode(chunk, { stream: true }));
    },
  });
}

function tooLarge(): RemoteFailure {
  return new RemoteFailure(
    `The remote agent sent an event of more than ${largestEvent} bytes. Ask for less at once.`,
  );
}
