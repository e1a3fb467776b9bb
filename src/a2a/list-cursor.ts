import { Problem } from '../http/problem.ts';
import type { LoadedRun } from '../runs/log.ts';

/** A page token is a position in the list, so that a task that vanishes does not empty a page. */
export function cursorOf(run: LoadedRun): string {
  return Buffer.from(`${run.snapshot.stateAt} ${run.record.id}`).toString('base64url');
}

/** @throws Problem invalid_request for a token that this gateway did not make. */
export function readCursor(token: string): { stateAt: number; id: string } {
  const match = /^(\d{1,16}) ([\w-]{1,64})$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  if (!match?.[2]) {
    throw new Problem(
      'invalid_request',
      'pageToken is not one of ours. Leave it out to start from the first page.',
      {
        details: { fields: { pageToken: 'is not a token of this list' } },
      },
    );
  }
  return { stateAt: Number(match[1]), id: match[2] };
}
