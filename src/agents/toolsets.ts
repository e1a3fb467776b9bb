import type { ExecutableAgent } from '../runs/engine.ts';
import type { Tool } from '../tools/tool.ts';
import type { AgentRevision } from './definition.ts';

/** Builds what an agent executes with, once per revision; old revisions live as long as runs use them. */
export class Toolsets {
  readonly #create: (revision: AgentRevision) => readonly Tool[];
  readonly #executables = new WeakMap<AgentRevision, ExecutableAgent>();
  readonly #open = new Set<Tool>();

  constructor(create: (revision: AgentRevision) => readonly Tool[]) {
    this.#create = create;
  }

  executable(revision: AgentRevision, make: (tools: readonly Tool[]) => ExecutableAgent): ExecutableAgent {
    const known = this.#executables.get(revision);
    if (known) return known;
    const tools = this.#create(revision);
    try {
      const executable = make(tools);
      for (const tool of tools) if (tool.close) this.#open.add(tool);
      this.#executables.set(revision, executable);
      return executable;
    } catch (error) {
      // Nobody else knows these tools: the next try makes its own.
      void Promise.allSettled(tools.map(closeTool));
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(closeTool));
  }
}

async function closeTool(tool: Tool): Promise<void> {
  await tool.close?.();
}
