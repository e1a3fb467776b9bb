import type { AgentRevision } from './definition.ts';

/** A new agent has no `previous`, a removed one no `current`. */
export interface AgentChange {
  id: string;
  current?: AgentRevision;
  previous?: AgentRevision;
}

export type AgentChangeListener = (change: AgentChange) => void;

/** The agents that are served now, each in its newest revision. */
export class AgentRegistry {
  readonly #agents = new Map<string, AgentRevision>();
  readonly #listeners = new Set<AgentChangeListener>();
  readonly #defaultId: string | undefined;

  /** `defaultId` is `DEFAULT_AGENT`; without it the first agent by id is the default one. */
  constructor(defaultId?: string) {
    this.#defaultId = defaultId;
  }

  get(id: string): AgentRevision | undefined {
    return this.#agents.get(id);
  }

  /** All of them, by id. */
  list(): AgentRevision[] {
    return [...this.#agents.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Undefined when there is no agent, or none with the configured id. */
  defaultAgent(): AgentRevision | undefined {
    return this.#defaultId === undefined ? this.list()[0] : this.get(this.#defaultId);
  }

  /** Calls `listener` after every change; the function that it returns ends that. */
  onChange(listener: AgentChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Serves this revision from now on; the one that is served already changes nothing. */
  put(revision: AgentRevision): void {
    const { id } = revision;
    const previous = this.#agents.get(id);
    if (previous?.revision === revision.revision) return;
    this.#agents.set(id, revision);
    this.#tell({ id, current: revision, ...(previous && { previous }) });
  }

  remove(id: string): void {
    const previous = this.#agents.get(id);
    if (!previous) return;
    this.#agents.delete(id);
    this.#tell({ id, previous });
  }

  #tell(change: AgentChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
