import type { AgentRevision, DeclaredExecution, RemoteExecution } from './agents/definition.ts';
import { AgentDelegation } from './agents/delegation/delegation.ts';
import { AgentDirectory } from './agents/directory.ts';
import { executableAgent } from './agents/executable.ts';
import { AgentInvoker } from './agents/invoker.ts';
import { AgentRegistry } from './agents/registry.ts';
import { openRemoteAgent } from './agents/remote/remote-agent.ts';
import { Toolsets } from './agents/toolsets.ts';
import type { LoadOptions } from './agents/load.ts';
import type { Config } from './config.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { ModelDirectory } from './llm/directory.ts';
import { RunEngine, type ExecutableAgent } from './runs/engine.ts';
import { SecretBox } from './runs/secret-box.ts';
import type { SqliteStore } from './stores/sqlite/store.ts';
import { ProgramSlots } from './tools/command/program-slots.ts';
import { EgressGuard } from './tools/egress/egress-guard.ts';
import { KnowledgeLibrary } from './tools/knowledge/knowledge-library.ts';
import { DataSources } from './tools/sql/data-sources.ts';
import type { ToolSource } from './tools/tool-source.ts';
import { createToolSources, type ToolsetDependencies } from './tools/toolset.ts';

/** What runs: agents, their tools and models, and the engine that executes them. */
export function openExecution(options: GatewayOptions, store: SqliteStore, ownAddress: () => string) {
  const { config, log, env } = options;
  const agents = new AgentRegistry(config.defaultAgent);
  const models = options.models ?? new ModelDirectory(config.llmProviders);
  const guard = new EgressGuard({ allow: config.egressAllow });
  const databases = new DataSources(config.dataSources, log);
  const knowledge = new KnowledgeLibrary({ log, env, guard });
  const programSlots = new ProgramSlots();
  const commands = { allow: config.toolCommandsAllow, signalGroup: options.signalGroup, slots: programSlots };
  const { mcpCommandsAllow } = config;
  const shared = { env, guard, ownAddress, databases, knowledge, commands, log, mcpCommandsAllow };
  const toolsets = openToolsets(agents, shared, (execution) => delegations.of(execution));
  const openRemote = (remote: Pick<RemoteExecution, 'card' | 'headers'>) =>
    openRemoteAgent(remote, { guard, env });
  const executableOf = (revision: AgentRevision) =>
    toolsets.executable(revision, (sources) =>
      executableAgent(revision, { models, sources, openRemote, log }),
    );
  const engine = openEngine(options, store, (agentId) => {
    const agent = agents.get(agentId);
    return agent && executableOf(agent);
  });
  const invoker = new AgentInvoker({ registry: agents, models, engine, executableOf });
  const delegations = new AgentDelegation({ registry: agents, engine, invoker, openRemote, env, log });
  const loading = loadingOf(config);
  const directory = new AgentDirectory({ folder: config.agentCardsDir, registry: agents, log, ...loading });
  const close = async (): Promise<void> => {
    await directory.close();
    await toolsets.close();
    await databases.close();
    await knowledge.close();
    await guard.close();
  };
  const sourcesOf = (revision: AgentRevision) => sourcesIn(toolsets, revision, executableOf);
  const shown = { agents, models, engine, invoker, directory, loading, sourcesOf };
  return { ...shown, knowledge, guard, programSlots, close };
}

/** How agent files are checked. */
function loadingOf({ moduleAgents, dataSources, mcpCommandsAllow }: Config): LoadOptions {
  const ids = dataSources.map(({ id }) => id);
  return { modulesAllowed: moduleAgents, dataSources: new Set(ids), mcpCommandsAllow };
}

/** What an agent's tools come from; only a declared one has tools. */
function sourcesIn(
  toolsets: Toolsets,
  revision: AgentRevision,
  executableOf: (revision: AgentRevision) => unknown,
): readonly ToolSource[] {
  if (revision.definition.execution.kind !== 'declared') return [];
  executableOf(revision);
  return toolsets.sources(revision);
}

/** The tools of each agent, made of what all agents share and what the agent itself says. */
function openToolsets(
  agents: AgentRegistry,
  shared: Omit<
    ToolsetDependencies,
    'secretVariables' | 'dataPermissions' | 'queryTimeoutSeconds' | 'delegation'
  >,
  delegationOf: (execution: DeclaredExecution) => ToolsetDependencies['delegation'],
): Toolsets {
  const isCurrent = (revision: AgentRevision): boolean => agents.get(revision.id) === revision;
  const create = ({ definition: { execution } }: AgentRevision): ToolSource[] => {
    if (execution.kind !== 'declared') return [];
    const { dataPermissions, limits } = execution;
    const secret = execution.contextVariables.filter((variable) => variable.secret);
    const secretVariables = new Set(secret.map(({ name }) => name));
    const { queryTimeoutSeconds } = limits;
    return createToolSources(execution.tools, {
      ...shared,
      secretVariables,
      dataPermissions,
      queryTimeoutSeconds,
      delegation: delegationOf(execution),
    });
  };
  return new Toolsets(create, isCurrent);
}

function openEngine(
  { config, log, now }: GatewayOptions,
  store: SqliteStore,
  findAgent: (agentId: string) => ExecutableAgent | undefined,
): RunEngine {
  return new RunEngine({
    log: store.runs,
    findAgent,
    secretBox: new SecretBox(store.secretsKey),
    logger: log,
    idempotencyWindowMs: config.idempotencyWindowSeconds * 1000,
    ...(now && { now }),
  });
}
