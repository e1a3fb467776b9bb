import type { Failure } from '../../runs/event.ts';

/** Ends the run as failed, in words for the caller. */
export class RunFailure extends Error {
  readonly failure: Failure;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RunFailure';
    this.failure = { code, message };
  }
}
