import type { Execution, ExecutorEvent } from '../../runs/executor.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import { uniqueTools, type NameClash } from '../unique-tools.ts';
import type { StepRecorder } from './steps.ts';

/**
 * The tools that a run has, those of each source in order. A source that does not answer takes its own tools away
 * and no more, and so does a name that another tool has: that is told as a step that failed, and the run goes on with
 * the others.
 */
export async function* gatherTools(
  sources: readonly ToolSource[],
  steps: StepRecorder,
  { signal, contextValues }: Pick<Execution, 'signal' | 'contextValues'>,
): AsyncGenerator<ExecutorEvent, Tool[], undefined> {
  const gathered = await Promise.allSettled(
    sources.map(async (source) => await source.tools(signal, contextValues)),
  );
  signal.throwIfAborted();
  const unique = uniqueTools(
    sources.map(({ name: declaration }, index) => {
      const one = gathered[index];
      return { declaration, tools: one?.status === 'fulfilled' ? one.value : [] };
    }),
  );
  const tools: Tool[] = [];
  for (const [index, { name }] of sources.entries()) {
    tools.push(...(unique[index]?.tools ?? []));
    const error = problemOf(gathered[index], unique[index]?.clashes ?? []);
    if (error === undefined) continue;
    const step = steps.start('planning', `Tools of ${name}`, { iteration: 0, tool: name });
    yield step.started;
    yield step.failed('not available', { error });
  }
  return tools;
}

/** What is missing of one source's tools, as sentences. */
function problemOf(
  gathered: PromiseSettledResult<unknown> | undefined,
  clashes: readonly NameClash[],
): string | undefined {
  if (gathered?.status === 'rejected') {
    const reason: unknown = gathered.reason;
    return reason instanceof ToolError ? reason.message : 'They failed inside the gateway.';
  }
  if (clashes.length === 0) return undefined;
  return clashes
    .map(({ tool, holder }) => `${tool} is left out: the name is that of a tool of ${holder}.`)
    .join(' ');
}
