import { describe, expect, test } from '@jest/globals';
import { completionChunks } from '../../src/llm/completion-stream.ts';

/** A body that comes in these pieces. */
function bodyOf(...pieces: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return ReadableStream.from(
    pieces.map((piece) => (typeof piece === 'string' ? encoder.encode(piece) : piece)),
  );
}

const one = 'data: {"n":1}\n\n';
const two = 'data: {"n":2}\n\n';

describe('the chunks of a completion', () => {
  test('come together as they came over the network', async () => {
    const batches = await Array.fromAsync(
      completionChunks(bodyOf(one + two, 'data: {"n":3}\n\n', 'data: [DONE]\n\n')),
    );
    expect(batches).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]]);
  });

  test.each([
    [
      'cut anywhere, within a character too',
      [...Buffer.from('data: {"n":"é€😀"}\n\n')].map((byte) => Uint8Array.of(byte)),
    ],
    ['with CRLF', ['data: {"n":"é€😀"}\r\n\r\n']],
    ['with comments and other fields', [': hi\n\nevent: x\nid: 1\ndata: {"n":"é€😀"}\n\n']],
    ['without the last empty line', ['data: {"n":"é€😀"}']],
  ])('are read %s', async (_name, pieces) => {
    expect(await Array.fromAsync(completionChunks(bodyOf(...pieces)))).toEqual([[{ n: 'é€😀' }]]);
  });

  test('what came before a malformed one is handed out before it is thrown', async () => {
    const chunks = completionChunks(bodyOf(`${one}data: {"n":\n\n${two}`));
    expect((await chunks.next()).value).toEqual([{ n: 1 }]);
    await expect(chunks.next()).rejects.toThrow(SyntaxError);
  });

  test("the provider's error object is thrown with its code", async () => {
    const chunks = completionChunks(bodyOf('data: {"error":{"code":503,"message":"overloaded"}}\n\n'));
    await expect(chunks.next()).rejects.toMatchObject({ code: 503, error: { message: 'overloaded' } });
  });

  test('nothing counts after [DONE], and the body is not waited for', async () => {
    let canceled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`${one}data: [DONE]\n\n${two}`)),
      cancel: () => {
        canceled = true;
      },
    });
    expect(await Array.fromAsync(completionChunks(body))).toEqual([[{ n: 1 }]]);
    expect(canceled).toBe(false);
  });

  test('a reader that leaves cancels the body', async () => {
    const canceled = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(one)),
      cancel: () => canceled.resolve(),
    });
    for await (const chunks of completionChunks(body)) {
      expect(chunks).toEqual([{ n: 1 }]);
      break;
    }
    await canceled.promise;
  });

  test('an event without an end is refused before it fills the memory', async () => {
    const piece = 'x'.repeat(1_048_576);
    const endless = completionChunks(bodyOf(`data: ${piece}`, piece, piece, piece, piece));
    await expect(endless.next()).rejects.toThrow();
  });
});
