import { openKnowledge } from './knowledge.ts';
import type { Knowledge, KnowledgeDependencies, KnowledgeOptions } from './knowledge.ts';

/**
 * The knowledge of one gateway. Agents, their revisions and the gateway's own tools that search the same folder in the
 * same way share one index, one watch and one set of vectors; it stays until the gateway stops.
 */
export class KnowledgeLibrary {
  readonly #deps: KnowledgeDependencies;
  readonly #open = new Map<string, Knowledge>();

  constructor(deps: KnowledgeDependencies) {
    this.#deps = deps;
  }

  open(options: KnowledgeOptions): Knowledge {
    const { folder, embeddings } = options;
    const key = JSON.stringify([
      folder,
      embeddings?.baseUrl,
      embeddings?.model,
      embeddings?.apiKey,
      embeddings?.dimensions,
    ]);
    const known = this.#open.get(key) ?? openKnowledge(options, this.#deps);
    this.#open.set(key, known);
    return known;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(async (knowledge) => await knowledge.close()));
  }
}
