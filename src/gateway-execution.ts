import type { AgentRevision, RemoteExecution } from './agents/definition.ts';
import { AgentDelegation } from './agents/delegation/delegation.ts';
import { AgentDirectory } from './agents/directory.ts';
import { executableAgent } from './agents/executable.ts';
import { AgentInvoker } from './agents/invoker.ts';
import { AgentRegistry } from './agents/registry.ts';
import { openRemoteAgent } from './agents/remote/remote-agent.ts';
import { Toolsets } from './agents/toolsets.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { ModelDirectory } from './llm/directory.ts';
import { RunEngine, type ExecutableAgent } from './runs/engine.ts';
import { SecretBox } from './runs/secret-box.ts';
import type { SqliteStore } from './stores/sqlite/store.ts';
import { EgressGuard } from './tools/egress/egress-guard.ts';
import { createToolSources } from './tools/toolset.ts';

/** What runs: agents, their tools and models, and the engine that executes them. */
export function openExecution(options: GatewayOptions, store: SqliteStore, ownAddress: () => string) {
  const { config, log, env } = options;
  const agents = new AgentRegistry(config.defaultAgent);
  const models = options.models ?? new ModelDirectory(config.llmProviders);
  const guard = new EgressGuard({ allow: config.egressAllow });
  const toolsets = new Toolsets(({ definition: { execution } }) => {
    if (execution.kind !== 'declared') return [];
    const secret = execution.contextVariables.filter((variable) => variable.secret);
    const secretVariables = new Set(secret.map(({ name }) => name));
    const delegation = delegations.of(execution);
    return createToolSources(execution.tools, { env, guard, ownAddress, secretVariables, delegation });
  });
  const openRemote = (remote: RemoteExecution) => openRemoteAgent(remote, { guard, env });
  const executableOf = (revision: AgentRevision) =>
    toolsets.executable(revision, (sources) =>
      executableAgent(revision, { models, sources, openRemote, log }),
    );
  const engine = openEngine(options, store, (agentId) => {
    const agent = agents.get(agentId);
    return agent && executableOf(agent);
  });
  const invoker = new AgentInvoker({ registry: agents, models, engine, executableOf });
  const delegations = new AgentDelegation({
    registry: agents,
    engine,
    invoker,
    openRemote: (target) => openRemoteAgent(target, { guard, env }),
    logger: log,
  });
  const directory = openDirectory(options, agents);
  const close = async (): Promise<void> => {
    await directory.close();
    await toolsets.close();
    await guard.close();
  };
  return { agents, models, engine, invoker, directory, guard, close };
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

function openDirectory({ config, log }: GatewayOptions, registry: AgentRegistry): AgentDirectory {
  const { agentCardsDir: folder, moduleAgents: modulesAllowed } = config;
  return new AgentDirectory({ folder, registry, log, modulesAllowed });
}
