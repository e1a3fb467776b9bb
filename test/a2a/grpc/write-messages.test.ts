import { Writable } from 'node:stream';
import { jest, afterEach, expect, test } from '@jest/globals';
import type { StreamCall } from '../../../src/a2a/grpc/grpc-call.ts';
import { v1Service } from '../../../src/a2a/grpc/v1-service.ts';
import { writeMessages } from '../../../src/a2a/grpc/write-messages.ts';
import type { Frame, RunStream } from '../../../src/a2a/run-stream.ts';
import { until } from '../../support/wait.ts';

afterEach(() => {
  jest.useRealTimers();
});

const procedure = v1Service.procedures.find(({ operation }) => operation === 'sendStreamingMessage');
if (!procedure) throw new Error('There is no such procedure.');

/** A reader's end of the wire: takes a message only when it is told to, as a full window does. */
class Window extends Writable {
  cancelled = false;
  readonly taken: Buffer[] = [];
  #next: (() => void) | undefined;

  constructor() {
    super({ objectMode: true });
  }

  override _write(message: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(message);
    this.#next = done;
  }

  /** Takes one message, and lets the next one come. */
  take(): void {
    this.#next?.();
  }
}

/** Endless frames, one a batch, that count how many were asked for. */
function endlessFrames(): { frames: RunStream; asked: () => number; left: () => boolean } {
  let asked = 0;
  let left = false;
  async function* generate(): AsyncGenerator<Frame[], undefined> {
    try {
      for (;;) {
        asked += 1;
        yield [{ id: `1-${asked}`, json: JSON.stringify({ task: { id: String(asked) } }) }];
      }
    } finally {
      left = true;
    }
  }
  return { frames: generate() as unknown as RunStream, asked: () => asked, left: () => left };
}

test('takes no more events than fit, and goes on when there is room', async () => {
  const window = new Window();
  const { frames, asked, left } = endlessFrames();
  const writing = writeMessages(window as unknown as StreamCall, frames, procedure);
  await until(() => window.writableNeedDrain, { what: 'the window to be full' });
  const full = asked();
  expect(full).toBe(window.writableHighWaterMark);
  await new Promise(setImmediate);
  expect(asked()).toBe(full);
  while (window.writableNeedDrain) window.take();
  await until(() => asked() > full, { what: 'more events' });
  window.cancelled = true;
  window.emit('cancelled');
  window.destroy();
  await writing;
  expect(left()).toBe(true);
  // In order: the id of the first task is the first field of the first field.
  const ids = window.taken.map((message) => message.subarray(4).toString());
  expect(ids.slice(0, 3)).toEqual(['1', '2', '3']);
});

test('a reader that does not read at all is given up', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
  const window = new Window();
  const { frames, left } = endlessFrames();
  const writing = writeMessages(window as unknown as StreamCall, frames, procedure);
  const refused = expect(writing).rejects.toMatchObject({ reason: 'timeout' });
  while (!window.writableNeedDrain) await new Promise(setImmediate);
  await jest.advanceTimersByTimeAsync(30_000);
  await refused;
  expect(left()).toBe(true);
});
