import type { ExecutableAgent } from '../runs/engine.ts';
import type { ToolSource } from '../tools/tool-source.ts';
import type { AgentRevision } from './definition.ts';

/** Builds what an agent executes with, once per revision; old revisions live as long as runs use them. */
export class Toolsets {
  readonly #create: (revision: AgentRevision) => readonly ToolSource[];
  readonly #executables = new WeakMap<AgentRevision, ExecutableAgent>();
  readonly #open = new Set<ToolSource>();

  constructor(create: (revision: AgentRevision) => readonly ToolSource[]) {
    this.#create = create;
  }

  executable(
    revision: AgentRevision,
    make: (sources: readonly ToolSource[]) => ExecutableAgent,
  ): ExecutableAgent {
    const known = this.#executables.get(revision);
    if (known) return known;
    const sources = this.#create(revision);
    try {
      const executable = make(sources);
      for (const source of sources) if (source.close) this.#open.add(source);
      this.#executables.set(revision, executable);
      return executable;
    } catch (error) {
      // Nobody else knows these sources: the next try makes its own.
      void Promise.allSettled(sources.map(closeSource));
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(closeSource));
  }
}

async function closeSource(source: ToolSource): Promise<void> {
  await source.close?.();
}
