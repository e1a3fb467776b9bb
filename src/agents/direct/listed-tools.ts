import type { JsonObject } from '../../runs/message.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import type { DeclaredTools } from '../unique-tools.ts';
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

/** Those of each source of an agent, in order. @throws the signal's reason when it aborts */
export async function toolsOfAll(
  sources: readonly ToolSource[],
  gathering: Gathering,
): Promise<(DeclaredTools & { unavailable?: string })[]> {
  return await Promise.all(
    sources.map(async (source) => ({
      declaration: source.name,
      tools: [],
      ...(await toolsOf(source, gathering)),
    })),
  );
}

/** However its names are shortened, a tool's name begins like its declaration's up to here. */
const commonBeginning = 40;

/**
 * The sources that may have a tool of this name, so that no other one is asked, which may have to connect. As in a run
 * a declaration's own name is nobody else's, and of the others the first one that has the tool is meant.
 */
export function candidates(sources: readonly ToolSource[], tool: string): ToolSource[] {
  const own = sources.filter(({ name }) => name === tool);
  if (own.length > 0) return own;
  return sources.filter(({ name }) => tool.startsWith(name.slice(0, commonBeginning)));
}
