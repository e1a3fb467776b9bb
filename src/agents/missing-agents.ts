import type { AgentRevision } from './definition.ts';

/** A sentence for each tool that asks an agent which this gateway does not serve now; another file may bring it. */
export function missingAgents(agents: readonly AgentRevision[]): string[] {
  const served = new Set(agents.map(({ id }) => id));
  return agents.flatMap(({ id, definition: { execution } }) => {
    if (execution.kind !== 'declared') return [];
    return execution.tools.flatMap((tool) =>
      tool.type === 'agent' && tool.agent !== undefined && !served.has(tool.agent)
        ? [
            `The tool ${tool.name} of agent ${id} asks the agent ${tool.agent}, which is not served: it fails.`,
          ]
        : [],
    );
  });
}
