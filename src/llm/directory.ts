import type { Model } from './model.ts';
import { createOfflineProvider } from './offline/provider.ts';
import { createOpenAiModel, warmUp } from './openai.ts';
import type { ProviderRecord } from './provider.ts';
import { withResilience } from './resilience.ts';

/** Nobody knows this llmId, or there is no default; the message lists the ids that exist. */
export class UnknownModelError extends Error {
  /** Undefined when no id was named and no record is the default. */
  readonly llmId: string | undefined;

  constructor(llmId: string | undefined, known: readonly string[]) {
    const what =
      llmId === undefined
        ? 'No model is marked as the default.'
        : `There is no model ${JSON.stringify(llmId)}.`;
    super(`${what} Name one of these as llmId: ${known.join(', ')}.`);
    this.name = 'UnknownModelError';
    this.llmId = llmId;
  }
}

/** What the caller and the agent say about the model, all of it optional. */
export interface ModelChoice {
  /** The `llmId` of the request. */
  requested?: string;
  /** The `llmId` of the agent. */
  agent?: string;
  /** The agent's fallbacks: they stand behind the agent's own or the default model, not behind a requested one. */
  fallbacks?: readonly string[];
}

/** The models of the configuration; without any it holds the built-in offline one, which is then the default. */
export class ModelDirectory {
  /** Whether no provider is configured, so that the built-in one answers. */
  readonly usingOffline: boolean;
  readonly #models = new Map<string, Model>();
  readonly #defaultId: string | undefined;

  /** @param connect makes the model of a record; tests give their own. */
  constructor(
    providers: readonly ProviderRecord[],
    connect: (provider: ProviderRecord) => Model = connectModel,
  ) {
    this.usingOffline = providers.length === 0;
    const records = this.usingOffline ? [createOfflineProvider()] : providers;
    for (const record of records) this.#models.set(record.id, connect(record));
    this.#defaultId = records.find((record) => record.default)?.id;
  }

  /**
   * The models to ask, in this order: the requested one alone, or the agent's (else the default one) and then
   * the agent's fallbacks.
   * @throws UnknownModelError for an id that does not exist: it is never silently replaced.
   */
  resolve({ requested, agent, fallbacks = [] }: ModelChoice = {}): readonly Model[] {
    if (requested !== undefined) return [this.#get(requested)];
    const ids = new Set([agent ?? this.#defaultId, ...fallbacks]);
    return [...ids].map((id) => this.#get(id));
  }

  /** Each llmId with the provider's name for the model. */
  list(): Map<string, string> {
    return new Map([...this.#models].map(([llmId, model]) => [llmId, model.name]));
  }

  /** Makes the first call as fast as the next ones; called once the gateway listens. */
  async warmUp(): Promise<void> {
    await warmUp();
  }

  #get(llmId: string | undefined): Model {
    const model = llmId === undefined ? undefined : this.#models.get(llmId);
    if (!model) throw new UnknownModelError(llmId, [...this.#models.keys()]);
    return model;
  }
}

function connectModel(provider: ProviderRecord): Model {
  return withResilience(createOpenAiModel(provider), { maxConcurrency: provider.maxConcurrency });
}
