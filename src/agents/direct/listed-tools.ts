import type { JsonObject } from '../../runs/message.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import { unlessAborted } from '../../tools/unless-aborted.ts';

/** What a source has, or why it has nothing now. */
export type Gathered = { tools: Tool[] } | { unavailable: string };

interface Gathering {
  signal: AbortSignal;
  /** How long it may take. */
  seconds: number;
  /** The values of the call that is under way, the secret ones included. */
  context?: JsonObject;
}

/**
 * The tools of a source that can be called directly: all but questions to the user, which only a run can ask.
 * @throws the signal's reason when it aborts
 */
export async function toolsOf(
  source: ToolSource,
  { signal, seconds, context }: Gathering,
): Promise<Gathered> {
  const timeout = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const either = AbortSignal.any([signal, timeout]);
  try {
    const tools = await unlessAborted(source.tools(either, context), either);
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

/**
 * The sources that may have a tool of this name, the likeliest first, so that no other one is asked, which may have to
 * connect.
 */
export function candidates(sources: readonly ToolSource[], tool: string): ToolSource[] {
  return sources
    .filter(({ name }) => tool.startsWith(name.slice(0, commonBeginning)))
    .toSorted((one, other) => other.name.length - one.name.length);
}
