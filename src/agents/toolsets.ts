import type { ExecutableAgent } from '../runs/engine.ts';
import type { ToolSource } from '../tools/tool-source.ts';
import type { AgentRevision } from './definition.ts';
import { countedSource } from './counted-source.ts';

type Make = (sources: readonly ToolSource[]) => ExecutableAgent;

interface Made {
  sources: readonly ToolSource[];
  inner: ExecutableAgent;
}

interface Toolset {
  revision: AgentRevision;
  /** What callers get; whichever sources are open now, it executes with them. */
  executable: ExecutableAgent;
  make: () => Made;
  /** Absent: the sources are closed, and the next use makes new ones. */
  made: Made | undefined;
  /** Runs and direct calls that are under way. */
  uses: number;
}

/** Builds what an agent executes with, once per revision; a former revision's lives as long as something uses it. */
export class Toolsets {
  readonly #create: (revision: AgentRevision) => readonly ToolSource[];
  readonly #isCurrent: (revision: AgentRevision) => boolean;
  readonly #toolsets = new WeakMap<AgentRevision, Toolset>();
  /** Those with something to close. */
  readonly #open = new Set<Toolset>();
  #closed = false;

  /** @param isCurrent whether this is the newest revision of an agent that is still there */
  constructor(
    create: (revision: AgentRevision) => readonly ToolSource[],
    isCurrent: (revision: AgentRevision) => boolean,
  ) {
    this.#create = create;
    this.#isCurrent = isCurrent;
  }

  executable(revision: AgentRevision, make: Make): ExecutableAgent {
    const known = this.#toolsets.get(revision);
    if (known) return known.executable;
    const again = (): Made => this.#make(revision, make);
    const made = again();
    const toolset: Toolset = { revision, executable: made.inner, make: again, made, uses: 0 };
    toolset.executable = this.#counting(toolset, made.inner);
    this.#toolsets.set(revision, toolset);
    this.#keep(toolset, made);
    this.#sweep();
    return toolset.executable;
  }

  /** The sources of the tools that the agent's executable was made with; none before it was. */
  sources(revision: AgentRevision): readonly ToolSource[] {
    const toolset = this.#toolsets.get(revision);
    if (!toolset) return [];
    const use = { begin: () => void this.#begin(toolset), end: () => this.#end(toolset) };
    const { sources } = toolset.made ?? this.#reopened(toolset);
    return sources.map((source) => countedSource(source, use));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map(closeToolset));
  }

  /** @throws what `make` throws; nobody else knows the sources then, so they are closed. */
  #make(revision: AgentRevision, make: Make): Made {
    const sources = this.#create(revision);
    try {
      return { sources, inner: make(sources) };
    } catch (error) {
      void Promise.allSettled(sources.map(closeSource));
      throw error;
    }
  }

  #counting(toolset: Toolset, inner: ExecutableAgent): ExecutableAgent {
    const begin = (): ExecutableAgent => this.#begin(toolset);
    const end = (): void => this.#end(toolset);
    return {
      ...inner,
      executor: async function* (execution) {
        const { executor } = begin();
        try {
          return yield* executor(execution);
        } finally {
          end();
        }
      },
    };
  }

  /** A run may have been given its agent just before that was replaced: then the sources are made once more. */
  #begin(toolset: Toolset): ExecutableAgent {
    const { inner } = toolset.made ?? this.#reopened(toolset);
    toolset.uses += 1;
    return inner;
  }

  #end(toolset: Toolset): void {
    toolset.uses -= 1;
    this.#sweep();
  }

  #reopened(toolset: Toolset): Made {
    const made = toolset.make();
    toolset.made = made;
    this.#keep(toolset, made);
    return made;
  }

  #keep(toolset: Toolset, { sources }: Made): void {
    if (sources.some((source) => source.close !== undefined)) this.#open.add(toolset);
  }

  /** Closes what belongs to former revisions, or to agents that are gone, and is not used. */
  #sweep(): void {
    if (this.#closed) return;
    for (const toolset of this.#open) {
      if (toolset.uses > 0 || this.#isCurrent(toolset.revision)) continue;
      this.#open.delete(toolset);
      void Promise.allSettled([closeToolset(toolset)]);
      toolset.made = undefined;
    }
  }
}

async function closeToolset({ made }: Toolset): Promise<void> {
  await Promise.all((made?.sources ?? []).map(closeSource));
}

async function closeSource(source: ToolSource): Promise<void> {
  await source.close?.();
}
