import type { Progress } from '@modelcontextprotocol/client';
import type { ToolCall, ToolStep } from '../tool.ts';

const mostSteps = 50;
const mostMessageCharacters = 200;

/** Progress that a server tells of becomes steps below the call's own: each lasts until the next one, the last one until the end. */
export class ProgressSteps {
  readonly #report: NonNullable<ToolCall['report']>;
  readonly #mask: (text: string) => string;
  #count = 0;
  #open: Omit<ToolStep, 'status'> | undefined;

  constructor(report: NonNullable<ToolCall['report']>, mask: (text: string) => string) {
    this.#report = report;
    this.#mask = mask;
  }

  next({ progress, total, message }: Progress): void {
    if (this.#count >= mostSteps) return;
    this.end('completed');
    this.#count += 1;
    const reached = total === undefined ? String(progress) : `${progress} of ${total}`;
    const name = message ? this.#mask(message).slice(0, mostMessageCharacters).toWellFormed() : 'Progress';
    this.#open = { id: `progress-${this.#count}`, name, summary: reached };
    this.#report({ ...this.#open, status: 'in_progress' });
  }

  end(status: 'completed' | 'failed'): void {
    if (this.#open) this.#report({ ...this.#open, status });
    this.#open = undefined;
  }
}
