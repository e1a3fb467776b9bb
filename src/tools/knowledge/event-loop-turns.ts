import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that goes on for longer holds up the streams of other callers. */
const sliceMs = 4;

/** Does the work item by item, and lets the process do other things in between; ends early when the signal aborts. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
  signal?: AbortSignal,
): Promise<void> {
  let start = performance.now();
  for (const item of items) {
    work(item);
    if (performance.now() - start < sliceMs) continue;
    await nextTurn();
    signal?.throwIfAborted();
    start = performance.now();
  }
}
