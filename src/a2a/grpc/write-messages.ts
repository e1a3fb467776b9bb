import { Problem } from '../../http/problem.ts';
import type { RunStream } from '../run-stream.ts';
import type { StreamCall } from './grpc-call.ts';
import type { Procedure } from './service.ts';

/** How long a reader may leave its window full before its stream is ended. */
const stuckMs = 30_000;

/**
 * Writes the events in order, as fast as they are read, until the run is at rest or the reader is gone; the run
 * goes on without it. The messages have no place for the events' ids: who comes back subscribes to the task.
 * @throws Problem timeout for a reader that does not read; whatever reading the run throws
 */
export async function writeMessages(
  call: StreamCall,
  frames: RunStream,
  procedure: Procedure,
): Promise<void> {
  const leave = (): void => void frames.return();
  // A reader that leaves ends its stream at once, and not with the next event.
  call.once('cancelled', leave);
  if (call.cancelled) leave();
  for await (const batch of frames) {
    for (const { json } of batch) {
      if (call.cancelled) return;
      const hasRoom = call.write(procedure.encode(JSON.parse(json)));
      if (!hasRoom) await drained(call);
    }
  }
  call.end();
}

/** Waits until there is room again, or the reader is gone. @throws Problem timeout for a reader that does not read */
function drained(call: StreamCall): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      call.off('drain', settle).off('close', settle);
      resolve();
    };
    const timer = setTimeout(() => {
      reject(new Problem('timeout', 'The stream was not read for too long: subscribe to the task again.'));
      settle();
    }, stuckMs);
    call.once('drain', settle).once('close', settle);
  });
}
