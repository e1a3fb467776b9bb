import type { Execution, ExecutorEvent } from '../../runs/executor.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import type { StepRecorder } from './steps.ts';

/**
 * The tools that a run has, those of each source in order. A source that does not answer takes its own tools away
 * and no more: that is told as a step that failed, and the run goes on with the others.
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
  const tools: Tool[] = [];
  for (const [index, one] of gathered.entries()) {
    if (one.status === 'fulfilled') {
      tools.push(...one.value);
      continue;
    }
    const name = sources[index]?.name ?? '';
    const error = one.reason instanceof ToolError ? one.reason.message : 'They failed inside the gateway.';
    const step = steps.start('planning', `Tools of ${name}`, { iteration: 0, tool: name });
    yield step.started;
    yield step.failed('not available', { error });
  }
  return tools;
}
