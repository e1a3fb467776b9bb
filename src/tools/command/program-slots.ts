import { bulkhead, isBulkheadRejectedError, type BulkheadPolicy } from 'cockatiel';
import { ToolError } from '../tool.ts';

const mostAtOnce = 8;
const mostWaiting = 64;

/** How many programs run at the same time, of all agents and callers together. */
export class ProgramSlots {
  readonly #slots: BulkheadPolicy = bulkhead(mostAtOnce, mostWaiting);

  /** @throws ToolError when too many wait already; the signal's reason when it aborts before there is room. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#slots.execute(work, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isBulkheadRejectedError(error)) throw error;
      throw new ToolError('Too many programs wait to be run. Try it again later.', { cause: error });
    }
  }
}
