import type { ExecutableAgent } from '../runs/engine.ts';
import type { ToolSource } from '../tools/tool-source.ts';
import type { AgentRevision } from './definition.ts';

interface Toolset {
  executable: ExecutableAgent;
  sources: readonly ToolSource[];
}

/** Builds what an agent executes with, once per revision; old revisions live as long as runs use them. */
export class Toolsets {
  readonly #create: (revision: AgentRevision) => readonly ToolSource[];
  readonly #made = new WeakMap<AgentRevision, Toolset>();
  readonly #open = new Set<ToolSource>();

  constructor(create: (revision: AgentRevision) => readonly ToolSource[]) {
    this.#create = create;
  }

  executable(
    revision: AgentRevision,
    make: (sources: readonly ToolSource[]) => ExecutableAgent,
  ): ExecutableAgent {
    const known = this.#made.get(revision);
    if (known) return known.executable;
    const sources = this.#create(revision);
    try {
      const executable = make(sources);
      for (const source of sources) if (source.close) this.#open.add(source);
      this.#made.set(revision, { executable, sources });
      return executable;
    } catch (error) {
      // Nobody else knows these sources: the next try makes its own.
      void Promise.allSettled(sources.map(closeSource));
      throw error;
    }
  }

  /** The sources of the tools that the agent's executable was made with; none before it was. */
  sources(revision: AgentRevision): readonly ToolSource[] {
    return this.#made.get(revision)?.sources ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(closeSource));
  }
}

async function closeSource(source: ToolSource): Promise<void> {
  await source.close?.();
}
