import { authorize } from '../../auth/authorize.ts';
import { may } from '../../auth/permissions.ts';
import type { Principal } from '../../auth/principal.ts';
import { Problem } from '../../http/problem.ts';
import type { JsonObject } from '../../runs/message.ts';
import type { Log } from '../../telemetry/log.ts';
import { callWithin, cutResult } from '../../tools/bounded-call.ts';
import type { OwnTool } from '../../tools/gateway/own-tool.ts';
import { ToolError, type Tool } from '../../tools/tool.ts';
import type { ToolSource } from '../../tools/tool-source.ts';
import { resolveContextValues } from '../context-values.ts';
import type { AgentRevision, Limits } from '../definition.ts';
import type { AgentInvoker } from '../invoker.ts';
import { SecretMask } from '../loop/secrets.ts';
import { uniqueTools } from '../unique-tools.ts';
import { candidates, toolsOf, toolsOfAll } from './listed-tools.ts';
import { approvalRequired, invalidArguments, noContextValues, noSuchTool } from './refusals.ts';

export interface DirectToolsOptions {
  invoker: Pick<AgentInvoker, 'find' | 'visible'>;
  /** The sources of an agent's tools; none for an agent that is not declared. */
  sourcesOf(agent: AgentRevision): readonly ToolSource[];
  own: readonly OwnTool[];
  log: Log;
}

/** A tool that the caller may execute. */
export interface ListedTool {
  /** The gateway's own plain, an agent's as `agentId.tool`. */
  name: string;
  tool: Tool;
}

/** A declaration whose tools cannot be had now, by the beginning of their names. */
export interface UnavailableTools {
  name: string;
  reason: string;
}

/** A call without a model. */
export interface DirectCall {
  /** As in the list. */
  name: string;
  arguments: JsonObject;
  /** Values for the agent's context variables, as the caller gave them. */
  provided: JsonObject;
  /** Aborts when the caller has left. */
  signal: AbortSignal;
  /** For the log. */
  requestId: string;
}

/** What the caller reads: of a tool that failed, the sentence that says why. */
export interface DirectResult {
  text: string;
  success: boolean;
}

/** A tool found, and what its call takes. */
interface Target {
  tool: Tool;
  /** Context values, the secret ones included. */
  context: JsonObject;
  mask: SecretMask;
  limits: Pick<Limits, 'toolTimeoutSeconds' | 'maxResultCharacters'>;
}

/** Of the gateway's own tools. */
const ownLimits = { toolTimeoutSeconds: 20, maxResultCharacters: 100_000 };
/** How long the sources of all agents together may take to say what they have. */
const listingSeconds = 10;

/** Tools without a model: which there are for a caller, and the execution of one. */
export class DirectTools {
  readonly #options: DirectToolsOptions;

  constructor(options: DirectToolsOptions) {
    this.#options = options;
  }

  /** All that the caller may execute: the gateway's own first, then those of each agent. */
  async list(
    principal: Principal,
    signal: AbortSignal,
  ): Promise<{ tools: ListedTool[]; unavailable: UnavailableTools[] }> {
    const { own, invoker } = this.#options;
    const permitted = own.filter(({ permission }) => may(principal, permission));
    const tools = permitted.map(({ tool }) => ({ name: tool.name, tool }));
    const unavailable: UnavailableTools[] = [];
    const gathered = await Promise.all(
      invoker.visible(principal, 'invoke').map(async (agent) => {
        const gathering = { signal, seconds: listingSeconds };
        return { agent, all: await toolsOfAll(this.#sourcesOf(agent), gathering) };
      }),
    );
    for (const { agent, all } of gathered) {
      for (const { declaration, unavailable: reason } of all)
        if (reason !== undefined) unavailable.push({ name: `${agent.id}.${declaration}`, reason });
      const kept = uniqueTools(all).flatMap((one) => one.tools);
      tools.push(...kept.map((tool) => ({ name: `${agent.id}.${tool.name}`, tool })));
    }
    return { tools, unavailable };
  }

  /**
   * Executes a tool once. A tool that ran and failed is a result.
   * @throws Problem not_found for what the caller may not see; unauthorized or permission_denied; invalid_request for
   * arguments and context values; approval_required. The signal's reason when it aborts.
   */
  async execute(principal: Principal, call: DirectCall): Promise<DirectResult> {
    const found = await this.#find(principal, call);
    if ('unavailable' in found) {
      return await this.#logged(principal, call, async () => ({ text: found.unavailable, success: false }));
    }
    const { tool } = found;
    if (tool.needsApproval) throw approvalRequired(call.name);
    const problems = tool.validate(call.arguments);
    if (problems.length > 0) throw invalidArguments(problems);
    return await this.#logged(principal, call, async () => await this.#call(principal, call, found));
  }

  async #find(principal: Principal, call: DirectCall): Promise<Target | { unavailable: string }> {
    const dot = call.name.indexOf('.');
    if (dot < 0) return this.#findOwn(principal, call);
    const agent = this.#agent(principal, call.name.slice(0, dot));
    const name = call.name.slice(dot + 1);
    const sources = candidates(this.#options.sourcesOf(agent), name);
    if (sources.length === 0) throw noSuchTool();
    const { contextVariables, limits } = agent.definition.execution;
    const { values, secrets } = resolveContextValues(agent, call.provided, principal.claims);
    const context = { ...values, ...secrets } as JsonObject;
    const mask = new SecretMask(contextVariables, context);
    const gathering = { signal: call.signal, seconds: limits.toolTimeoutSeconds, context };
    let unavailable: string | undefined;
    for (const source of sources) {
      const gathered = await toolsOf(source, gathering);
      if ('unavailable' in gathered) unavailable ??= mask.text(gathered.unavailable);
      const tool = 'tools' in gathered && gathered.tools.find((one) => one.name === name);
      if (tool) return { tool, context, mask, limits };
    }
    if (unavailable !== undefined) return { unavailable };
    throw noSuchTool();
  }

  /** Who may not use tools at all does not learn which there are. */
  #findOwn(principal: Principal, call: DirectCall): Target {
    const found = this.#options.own.find(({ tool }) => tool.name === call.name);
    authorize(principal, found?.permission ?? 'use_tools');
    if (!found) throw noSuchTool();
    const [name] = Object.keys(call.provided);
    if (name !== undefined) throw noContextValues(name);
    return { tool: found.tool, context: {}, mask: new SecretMask([], {}), limits: ownLimits };
  }

  #agent(principal: Principal, agentId: string): AgentRevision {
    try {
      return this.#options.invoker.find(principal, agentId, 'invoke');
    } catch (error) {
      if (error instanceof Problem && error.reason === 'agent_not_found') throw noSuchTool();
      throw error;
    }
  }

  /** An agent whose tools cannot be made must not hide those of the others. */
  #sourcesOf(agent: AgentRevision): readonly ToolSource[] {
    try {
      return this.#options.sourcesOf(agent);
    } catch (error) {
      this.#options.log.error('tools cannot be made', { agent: agent.id, error });
      return [];
    }
  }

  async #call(principal: Principal, call: DirectCall, target: Target): Promise<DirectResult> {
    const { tool, context, mask, limits } = target;
    const { signal } = call;
    const caller = { userId: principal.userId, depth: 0 };
    try {
      const given = { arguments: call.arguments, context, signal, caller };
      const { text } = await callWithin(tool, given, limits.toolTimeoutSeconds);
      return { text: cutResult(mask.text(text), limits.maxResultCharacters), success: true };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ToolError)) {
        this.#options.log.error('tool failed', { tool: call.name, reason: mask.text(String(error)) });
      }
      const text = error instanceof ToolError ? error.message : 'The tool failed inside the gateway.';
      return { text: cutResult(mask.text(text), limits.maxResultCharacters), success: false };
    }
  }

  /** Says who has called which tool and what came of it; arguments and results stay out of the log. */
  async #logged(
    principal: Principal,
    { name, signal, requestId }: DirectCall,
    work: () => Promise<DirectResult>,
  ): Promise<DirectResult> {
    const startedAt = performance.now();
    let outcome = 'failed';
    try {
      const result = await work();
      if (result.success) outcome = 'succeeded';
      return result;
    } catch (error) {
      if (signal.aborted) outcome = 'canceled';
      throw error;
    } finally {
      const ms = Math.round(performance.now() - startedAt);
      this.#options.log.info('tool executed', {
        tool: name,
        user: principal.userId,
        outcome,
        ms,
        requestId,
      });
    }
  }
}
