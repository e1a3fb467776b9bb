import type { EgressRequest, GuardedResponse } from '../egress/capped-fetch.ts';
import { EgressRefusedError } from '../egress/egress-guard.ts';
import type { EgressGuard } from '../egress/egress-guard.ts';
import { ToolError } from '../tool.ts';

/** The two ways out: `trustedFetch` to hosts of the operator's own files, `fetch` to any other. */
export type WayOut = Pick<EgressGuard, 'fetch' | 'trustedFetch'>;

/**
 * Sends a tool's request.
 * @throws ToolError with a sentence for the model when it may not go there or fails; the signal's reason.
 */
export async function sendRequest(
  guard: WayOut,
  { url, isTrusted }: { url: string; isTrusted: boolean },
  request: EgressRequest,
): Promise<GuardedResponse> {
  try {
    return await (isTrusted ? guard.trustedFetch(url, request) : guard.fetch(url, request));
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof EgressRefusedError) throw new ToolError(error.message, { cause: error });
    throw new ToolError('The service could not be reached; try again later.', { cause: error });
  }
}
