import type { StoredPushConfig } from '../a2a/push/outbox.ts';
import { decide, type Action } from '../auth/permissions.ts';
import type { Principal } from '../auth/principal.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { Problem } from '../http/problem.ts';
import type { ModelDirectory } from '../llm/directory.ts';
import { UnknownModelError } from '../llm/directory.ts';
import type { ExecutableAgent, RunEngine, StartRequest } from '../runs/engine.ts';
import type { LoadedRun } from '../runs/log.ts';
import type { JsonObject, Message, Turn } from '../runs/message.ts';
import { mayWait, type DoorName, type Properties, type RunRecord } from '../runs/record.ts';
import { isRequested, resolveContextValues } from './context-values.ts';
import type { AgentRevision } from './definition.ts';
import type { AgentRegistry } from './registry.ts';

export interface InvokerOptions {
  registry: AgentRegistry;
  models: ModelDirectory;
  engine: RunEngine;
  executableOf(revision: AgentRevision): ExecutableAgent;
}

/** A call to an agent, as a door hands it in. */
export interface Invocation {
  agent: AgentRevision;
  principal: Principal;
  door: DoorName;
  /** As it is stored: secret values cut out. */
  message: Message;
  /** See StartRequest. */
  callers?: string[];
  /** Indexes of parts that no model is shown. */
  hiddenParts?: number[];
  history?: Turn[];
  /** Values for context variables, as the caller gave them. */
  provided?: Record<string, unknown>;
  llmId?: string;
  acceptedOutputModes?: string[];
  properties: Properties;
  /** Stored with a new run. */
  pushConfig?: StoredPushConfig;
}

/** The one way from every door to a run: which agent, may they, with which values, on which model. */
export class AgentInvoker {
  readonly #options: InvokerOptions;

  constructor(options: InvokerOptions) {
    this.#options = options;
  }

  /**
   * The agent, if the caller may do this with it.
   * @throws Problem agent_not_found for what the caller may not see, unauthorized or permission_denied.
   */
  find(principal: Principal, agentId: string, action: Action): AgentRevision {
    const agent = this.#options.registry.get(agentId);
    const decision = agent ? decide(principal, action, accessOf(agent)) : 'hidden';
    if (agent && decision === 'allowed') return agent;
    if (decision === 'unauthorized') throw unauthorized();
    if (decision === 'forbidden') throw new Problem('permission_denied', 'Your role does not permit this.');
    throw new Problem(
      'agent_not_found',
      'There is no such agent. GET /api/v1/agents lists those that you may use.',
    );
  }

  /** All agents that the caller may see (or do something else with), by id. */
  visible(principal: Principal, action: Action = 'see'): AgentRevision[] {
    return this.#options.registry
      .list()
      .filter((agent) => decide(principal, action, accessOf(agent)) === 'allowed');
  }

  /**
   * Starts the run, or attaches to the one that the same request started before.
   * @throws Problem invalid_request for context values, llm_not_configured for the model.
   */
  async start(invocation: Invocation): Promise<{ record: RunRecord; created: boolean }> {
    return await this.#options.engine.start(this.#request(invocation, invocation.provided));
  }

  /**
   * Continues a task with a further message. Context values that were given before still count; those that come
   * with the message are added. Returns the run as it stands at the beginning of that.
   * @throws Problem unsupported_operation for a task that takes no message now; else as start.
   */
  async continue(run: LoadedRun, invocation: Invocation): Promise<LoadedRun> {
    const { engine } = this.#options;
    const given = Object.entries(engine.valuesOf(run)).filter(([name]) =>
      isRequested(invocation.agent, name),
    );
    const provided = { ...Object.fromEntries(given), ...invocation.provided };
    return await engine.continue(run, this.#request(invocation, provided));
  }

  #request(invocation: Invocation, provided: Invocation['provided']): StartRequest {
    const { agent, principal, provided: _merged, ...rest } = invocation;
    const resolved = resolveContextValues(agent, provided, principal.claims, mayWait(invocation.door));
    this.#checkModel(agent, invocation.llmId);
    return {
      ...rest,
      agent: this.#options.executableOf(agent),
      owner: principal.userId,
      contextValues: resolved.values as JsonObject,
      secrets: resolved.secrets as JsonObject,
    };
  }

  /** A model that is not configured is refused before any run exists. */
  #checkModel(agent: AgentRevision, requested: string | undefined): void {
    const { execution } = agent.definition;
    if (execution.kind !== 'declared') return refuseModel(requested);
    const { model } = execution;
    try {
      this.#options.models.resolve({ requested, agent: model.llmId, fallbacks: model.fallbackLlmIds });
    } catch (error) {
      if (!(error instanceof UnknownModelError)) throw error;
      throw new Problem('llm_not_configured', error.message, { cause: error });
    }
  }
}

/** Only a declared agent has a model that a caller may choose. */
function refuseModel(requested: string | undefined): void {
  if (requested === undefined) return;
  throw new Problem('llm_not_configured', 'This agent runs elsewhere and takes no llmId: leave it out.');
}

function accessOf(agent: AgentRevision): { id: string; access: 'authenticated' | 'assigned' | 'public' } {
  return { id: agent.id, access: agent.definition.execution.access };
}
