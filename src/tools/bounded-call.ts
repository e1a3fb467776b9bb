import { ToolError, type Tool, type ToolCall, type ToolResult } from './tool.ts';
import { unlessAborted } from './unless-aborted.ts';

/**
 * Executes a tool once, for no longer than its time limit; a tool that does not heed its signal is left behind.
 * @param seconds the limit of a tool that has none of its own
 * @throws ToolError when the time is over; the signal's reason when it aborts; else what the tool throws
 */
export async function callWithin(tool: Tool, call: ToolCall, seconds: number): Promise<ToolResult> {
  const limit = tool.timeoutSeconds ?? seconds;
  const timeout = AbortSignal.timeout(Math.ceil(limit * 1000));
  const signal = AbortSignal.any([call.signal, timeout]);
  try {
    signal.throwIfAborted();
    return await unlessAborted(tool.execute({ ...call, signal }), signal);
  } catch (error) {
    if (timeout.aborted) throw new ToolError(`The tool did not answer within ${limit} s.`);
    throw error;
  }
}

/** A result's text, no longer than `most` characters and a note of what was cut. */
export function cutResult(text: string, most: number): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most).toWellFormed()}\n[cut: ${text.length - most} more characters]`;
}
