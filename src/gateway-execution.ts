import type { AgentRevision, RemoteExecution } from './agents/definition.ts';
import { AgentDirectory } from './agents/directory.ts';
import { executableAgent } from './agents/executable.ts';
import { AgentInvoker } from './agents/invoker.ts';
import { AgentRegistry } from './agents/registry.ts';
import { openRemoteAgent } from './agents/remote/remote-agent.ts';
import { Toolsets } from './agents/toolsets.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { ModelDirectory } from './llm/directory.ts';
import { RunEngine } from './runs/engine.ts';
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
    return createToolSources(execution.tools, { env, guard, ownAddress, secretVariables });
  });
  const openRemote = (remote: RemoteExecution) => openRemoteAgent(remote, { guard, env });
  const executableOf = (revision: AgentRevision) =>
    toolsets.executable(revision, (sources) =>
      executableAgent(revision, { models, sources, openRemote, log }),
    );
  const engine = new RunEngine({
    log: store.runs,
    findAgent: (agentId) => {
      const agent = agents.get(agentId);
      return agent && executableOf(agent);
    },
    secretBox: new SecretBox(store.secretsKey),
    logger: log,
    idempotencyWindowMs: config.idempotencyWindowSeconds * 1000,
    ...(options.now && { now: options.now }),
  });
  const directory = new AgentDirectory({
    folder: config.agentCardsDir,
    registry: agents,
    log,
    modulesAllowed: config.moduleAgents,
  });
  const close = async (): Promise<void> => {
    await directory.close();
    await toolsets.close();
    await guard.close();
  };
  const invoker = new AgentInvoker({ registry: agents, models, engine, executableOf });
  return { agents, models, engine, invoker, directory, guard, close };
}
