import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import { unlessAborted } from '../../tools/unless-aborted.ts';

/** What a source has, or why it has nothing now. */
export type Gathered = { tools: Tool[] } | { unavailable: string };

/**
 * The tools of a source that can be called directly: all but questions to the user, which only a run can ask.
 * @param seconds how long it may take
 * @throws the signal's reason when it aborts
 */
export async function toolsOf(source: ToolSource, signal: AbortSignal, seconds: number): Promise<Gathered> {
  const timeout = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const either = AbortSignal.any([signal, timeout]);
  try {
    const tools = await unlessAborted(source.tools(either), either);
    return { tools: tools.filter(({ asksUser }) => !asksUser) };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { unavailable: `They did not answer within ${seconds} s.` };
    return {
      unavailable: error instanceof ToolError ? error.message : 'They failed inside the gateway.',
    };
  }
}

/** However its names are shortened, a tool's name begins like its declaration's up to here. */
const commonBeginning = 40;

/** Whether the source may have a tool of this name, so that no other one is asked, which may have to connect. */
export function mayHave({ name }: ToolSource, tool: string): boolean {
  return tool.startsWith(name.slice(0, commonBeginning));
}
