import { randomUUID } from 'node:crypto';
import type { Principal } from '../../auth/principal.ts';
import { Problem } from '../../http/problem.ts';
import { RunStopped } from '../../runs/attempt.ts';
import type { RunEngine } from '../../runs/engine.ts';
import { isResting } from '../../runs/event.ts';
import { hopsKey } from '../../runs/hops.ts';
import type { Json, JsonObject, Message } from '../../runs/message.ts';
import { defaultProperties } from '../../runs/properties.ts';
import type { RunRecord } from '../../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../runs/snapshot.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Delegation } from '../../tools/delegation.ts';
import { ToolError, type ToolCall, type ToolResult } from '../../tools/tool.ts';
import type { DeclaredExecution } from '../definition.ts';
import type { KindOfAgent } from '../executable.ts';
import type { AgentInvoker } from '../invoker.ts';
import type { AgentRegistry } from '../registry.ts';
import type { AgentToolDefinition } from '../tool-types/agent.ts';
import { childAnswer } from './child-answer.ts';
import { childSteps } from './child-steps.ts';
import { childValues } from './child-values.ts';

export interface DelegationOptions {
  registry: AgentRegistry;
  engine: Pick<RunEngine, 'start' | 'read' | 'load' | 'cancel'>;
  invoker: Pick<AgentInvoker, 'start'>;
  /** An agent of another server; its headers may take context values of the run. */
  openRemote(target: { card: string; headers: AgentToolDefinition['headers'] }): KindOfAgent;
  logger: Log;
}

/** One agent asking another: the other one's run is a run of its own, of the same owner, one level deeper. */
export class AgentDelegation {
  readonly #options: DelegationOptions;
  /** Agents of other servers, as long as their declarations live: their cards and connections are kept. */
  readonly #remotes = new WeakMap<AgentToolDefinition, KindOfAgent>();

  constructor(options: DelegationOptions) {
    this.#options = options;
  }

  /** The delegation of an agent: what its tools are given. */
  of(parent: DeclaredExecution): Delegation {
    return {
      describe: (agentId) => this.describe(agentId),
      delegate: async (tool, message, call) => await this.delegate(parent, tool, message, call),
    };
  }

  /** What an agent says of itself, for the model that may ask it; undefined when there is none of that id. */
  describe(agentId: string): string | undefined {
    const card = this.#options.registry.get(agentId)?.definition.card;
    return card && `Asks the agent ${card.name}: ${card.description}`;
  }

  /**
   * Runs the other agent and waits for its end.
   * @param parent the agent that asks
   * @throws ToolError with a sentence when there is no answer; the signal's reason when it aborts.
   */
  async delegate(
    parent: DeclaredExecution,
    tool: AgentToolDefinition,
    message: string,
    call: ToolCall,
  ): Promise<ToolResult> {
    refuseTooDeep(parent, tool, call);
    const record = await this.#start(parent, tool, message, call);
    const snapshot = await this.#follow(record, call, tool);
    const name = nameOf(tool);
    const text = childAnswer(name, snapshot);
    const { usage } = snapshot;
    const detail = { agent: name, runId: record.id, ...(usage && { usage: { ...usage } }) };
    return { text, summary: `${name} answered`, detail };
  }

  async #start(
    parent: DeclaredExecution,
    tool: AgentToolDefinition,
    text: string,
    call: ToolCall,
  ): Promise<RunRecord> {
    const { caller } = call;
    const message: Message = {
      messageId: randomUUID(),
      role: 'ROLE_USER',
      parts: [{ text }],
      // To another server it is one more with the request.
      metadata: { [hopsKey]: tool.card === undefined ? caller.depth + 1 : caller.depth },
    };
    const callers = [...(caller.callers ?? []), caller.agentId ?? ''];
    try {
      const started = await (tool.card === undefined
        ? this.#startHere(parent, tool, { message, callers }, call)
        : this.#startElsewhere(tool, { message, callers }, call));
      return started.record;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new ToolError(`The agent ${nameOf(tool)} cannot be called: ${error.message}`, { cause: error });
    }
  }

  /** That the operator has declared the tool is what permits it: the user may not be able to see the other agent. */
  async #startHere(
    parent: DeclaredExecution,
    tool: AgentToolDefinition,
    said: { message: Message; callers: string[] },
    call: ToolCall,
  ): Promise<{ record: RunRecord }> {
    const agent = this.#options.registry.get(tool.agent ?? '');
    if (!agent) throw new ToolError(`There is no agent ${nameOf(tool)} in this gateway.`);
    const { provided, claims } = childValues(agent.definition.execution, parent, tool, call);
    const principal = principalOf(call, claims);
    const properties = defaultProperties();
    return await this.#options.invoker.start({
      ...said,
      agent,
      principal,
      door: 'agent',
      provided,
      properties,
    });
  }

  async #startElsewhere(
    tool: AgentToolDefinition,
    said: { message: Message; callers: string[] },
    { caller, context }: ToolCall,
  ): Promise<{ record: RunRecord }> {
    const agent = {
      ...this.#remote(tool),
      agentId: `${caller.agentId ?? ''}.${tool.name}`,
      revision: 'remote',
      timeoutSeconds: tool.timeoutSeconds ?? 120,
      maxHistoryMessages: 0,
      onReplicaLoss: 'fail' as const,
    };
    return await this.#options.engine.start({
      ...said,
      agent,
      owner: caller.userId,
      door: 'agent',
      contextValues: {},
      secrets: headerValues(tool, context),
      properties: defaultProperties(),
    });
  }

  #remote(tool: AgentToolDefinition): KindOfAgent {
    const known = this.#remotes.get(tool);
    if (known) return known;
    const { card = '', headers } = tool;
    const remote = this.#options.openRemote({ card, headers });
    this.#remotes.set(tool, remote);
    return remote;
  }

  /** The run at rest; one that is no longer waited for, or waits itself, is canceled. */
  async #follow(
    { id, createdAt }: RunRecord,
    { signal, report }: ToolCall,
    tool: AgentToolDefinition,
  ): Promise<RunSnapshot> {
    const snapshot = emptySnapshot(createdAt);
    for await (const events of this.#options.engine.read(id, { attempt: 0, sequence: 0 }, { signal })) {
      for (const stored of events) {
        fold(snapshot, stored);
        for (const step of childSteps(stored.event)) report?.(step);
      }
    }
    const isWaiting = snapshot.state === 'input-required' || snapshot.state === 'auth-required';
    if (isWaiting || (!snapshot.finished && !isShutdown(signal))) await this.#cancel(id, tool);
    if (!snapshot.finished) signal.throwIfAborted();
    return snapshot;
  }

  async #cancel(runId: string, tool: AgentToolDefinition): Promise<void> {
    const { engine, logger } = this.#options;
    try {
      const run = await engine.load(runId);
      if (!run) return;
      // The engine knows no agent of another server that is only a tool.
      if (isResting(run.snapshot.state)) await this.#remotes.get(tool)?.cancelWaiting?.(run);
      await engine.cancel(run);
    } catch (error) {
      // It came to its end first.
      if (error instanceof Problem && error.reason === 'task_not_cancelable') return;
      logger.warn('A run that nobody waits for could not be canceled.', { runId, error });
    }
  }
}

/** @throws ToolError that names the agents which stand above each other */
function refuseTooDeep({ limits }: DeclaredExecution, tool: AgentToolDefinition, { caller }: ToolCall): void {
  if (caller.depth < limits.maxDepth) return;
  const chain = [...(caller.callers ?? []), caller.agentId ?? '', nameOf(tool)].join(' → ');
  throw new ToolError(
    `Not delegated: ${chain} would be deeper than the limit of ${limits.maxDepth} (limits.maxDepth). Answer without it.`,
  );
}

function nameOf({ agent, card }: AgentToolDefinition): string {
  return agent ?? new URL(card ?? '').host;
}

/** The context values that the headers name: kept sealed, as they are credentials most of the time. */
function headerValues({ headers }: AgentToolDefinition, context: ToolCall['context']): JsonObject {
  const values = Object.values(headers).flatMap((header): [string, Json][] => {
    if (typeof header === 'string' || !('context' in header)) return [];
    const value = context[header.context];
    return value === undefined ? [] : [[header.context, value as Json]];
  });
  return Object.fromEntries(values);
}

/** The same user; of the token only the claims that the asking agent was given. */
function principalOf({ caller: { userId } }: ToolCall, claims: Principal['claims']): Principal {
  return {
    userId,
    role: 'user',
    kind: 'api-key',
    assignedAgents: new Set(),
    claims,
    anonymousAllowed: false,
  };
}

/** Then the process ends all its runs itself. */
function isShutdown({ reason }: AbortSignal): boolean {
  return reason instanceof RunStopped && reason.reason === 'shutdown';
}
