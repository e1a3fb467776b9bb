import { Problem } from '../../http/problem.ts';
import { RunStopped } from '../../runs/attempt.ts';
import type { RunEngine } from '../../runs/engine.ts';
import { isResting, isTerminal } from '../../runs/event.ts';
import type { LoadedRun } from '../../runs/log.ts';
import { defaultProperties } from '../../runs/properties.ts';
import type { RunRecord } from '../../runs/record.ts';
import { emptySnapshot, fold, type RunSnapshot } from '../../runs/snapshot.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Delegation } from '../../tools/delegation.ts';
import type { HeaderSources } from '../../tools/request-headers.ts';
import { ToolError, type ToolResult } from '../../tools/tool.ts';
import type { DeclaredExecution } from '../definition.ts';
import type { KindOfAgent } from '../executable.ts';
import type { AgentInvoker } from '../invoker.ts';
import type { AgentRegistry } from '../registry.ts';
import type { AgentToolDefinition } from '../tool-types/agent.ts';
import { childAnswer } from './child-answer.ts';
import { childMask } from './child-mask.ts';
import {
  callersOf,
  childMessage,
  headerValues,
  nameOf,
  principalOf,
  refuseTooDeep,
  type DelegatedCall,
} from './child-request.ts';
import { childSteps } from './child-steps.ts';
import { childValues } from './child-values.ts';

export interface DelegationOptions {
  registry: AgentRegistry;
  engine: Pick<RunEngine, 'start' | 'read' | 'load' | 'valuesOf' | 'cancel'>;
  invoker: Pick<AgentInvoker, 'start'>;
  /** An agent of another server; its headers may take context values of the run. */
  openRemote(target: { card: string; headers: AgentToolDefinition['headers'] }): KindOfAgent;
  /** The gateway's environment, for `{env: NAME}` in headers: such values are masked. */
  env: HeaderSources['env'];
  log: Log;
}

/** One agent asking another: the other one's run is a run of its own, of the same owner, one level deeper. */
export class AgentDelegation {
  readonly #options: DelegationOptions;
  /** Agents of other servers, as long as their declarations live: their cards and connections are kept. */
  readonly #remotes = new WeakMap<AgentToolDefinition, KindOfAgent>();

  constructor(options: DelegationOptions) {
    this.#options = options;
  }

  /** What the tools of an agent are given. */
  of(parent: DeclaredExecution): Delegation {
    return {
      describe: (agentId) => this.#describe(agentId),
      delegate: async (tool, message, call) => await this.#delegate({ parent, tool, message, call }),
    };
  }

  #describe(agentId: string): string | undefined {
    const card = this.#options.registry.get(agentId)?.definition.card;
    return card && `Asks the agent ${card.name}: ${card.description}`;
  }

  async #delegate(delegated: DelegatedCall): Promise<ToolResult> {
    refuseTooDeep(delegated);
    const name = nameOf(delegated.tool);
    const mask = childMask(delegated, this.#options.env);
    const record = await this.#start(delegated);
    const snapshot = await this.#follow(record, delegated, mask);
    const text = childAnswer(name, snapshot, mask);
    const { usage } = snapshot;
    const detail = { agent: name, runId: record.id, ...(usage && { usage: { ...usage } }) };
    return { text, summary: `${name} answered`, detail };
  }

  async #start(delegated: DelegatedCall): Promise<RunRecord> {
    const isHere = delegated.tool.card === undefined;
    try {
      const { record } = await (isHere ? this.#startHere(delegated) : this.#startElsewhere(delegated));
      return record;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const name = nameOf(delegated.tool);
      throw new ToolError(`The agent ${name} cannot be called: ${error.message}`, { cause: error });
    }
  }

  /** That the operator has declared the tool is what permits it: the user need not have access to the other agent. */
  async #startHere(delegated: DelegatedCall): Promise<{ record: RunRecord }> {
    const { parent, tool, call } = delegated;
    const agent = this.#options.registry.get(tool.agent ?? '');
    if (!agent) throw new ToolError(`There is no agent ${nameOf(tool)} in this gateway.`);
    const { provided, claims } = childValues(agent.definition.execution, parent, tool, call);
    return await this.#options.invoker.start({
      agent,
      principal: principalOf(call, claims),
      door: 'agent',
      message: childMessage(delegated),
      callers: callersOf(call.caller),
      provided,
      properties: defaultProperties(),
    });
  }

  async #startElsewhere(delegated: DelegatedCall): Promise<{ record: RunRecord }> {
    const { parent, tool, call } = delegated;
    const { userId, agentId = '' } = call.caller;
    const agent = {
      ...this.#remote(tool),
      agentId: `${agentId}.${tool.name}`,
      revision: 'remote',
      timeoutSeconds: tool.timeoutSeconds ?? parent.limits.timeoutSeconds,
      maxHistoryMessages: 0,
      onReplicaLoss: 'fail' as const,
    };
    return await this.#options.engine.start({
      agent,
      owner: userId,
      door: 'agent',
      message: childMessage(delegated),
      callers: callersOf(call.caller),
      contextValues: {},
      secrets: headerValues(delegated),
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

  /** The run at rest. One that is no longer waited for is canceled, and one that waits itself: nobody answers it. */
  async #follow(
    { id, createdAt }: RunRecord,
    { tool, call }: DelegatedCall,
    mask: (text: string) => string,
  ): Promise<RunSnapshot> {
    const { signal, report } = call;
    const snapshot = emptySnapshot(createdAt);
    for await (const events of this.#options.engine.read(id, { attempt: 0, sequence: 0 }, { signal })) {
      for (const stored of events) {
        fold(snapshot, stored);
        for (const step of childSteps(stored.event, mask)) report?.(step);
      }
    }
    if (!isTerminal(snapshot.state) && !isShutdown(signal)) await this.#cancel(id, tool);
    if (!snapshot.finished) signal.throwIfAborted();
    return snapshot;
  }

  async #cancel(runId: string, tool: AgentToolDefinition): Promise<void> {
    const { engine, log } = this.#options;
    try {
      const run = await engine.load(runId);
      if (!run || isTerminal(run.snapshot.state)) return;
      if (isResting(run.snapshot.state)) await this.#tellOfCancel(run, tool);
      await engine.cancel(run);
    } catch (error) {
      // It came to its end first.
      if (error instanceof Problem && error.reason === 'task_not_cancelable') return;
      log.warn('A run that nobody waits for could not be canceled.', { runId, error });
    }
  }

  /** The engine knows no agent of another server that is only a tool. Here the run ends whatever that one says. */
  async #tellOfCancel(run: LoadedRun, tool: AgentToolDefinition): Promise<void> {
    const { engine, log } = this.#options;
    try {
      await this.#remotes.get(tool)?.cancelWaiting?.(run, engine.valuesOf(run));
    } catch (error) {
      log.warn('An agent of another server could not be told of a cancel.', {
        runId: run.record.id,
        error,
      });
    }
  }
}

/** Then the process ends all its runs itself. */
function isShutdown({ reason }: AbortSignal): boolean {
  return reason instanceof RunStopped && reason.reason === 'shutdown';
}
