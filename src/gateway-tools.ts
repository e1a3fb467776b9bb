import { DirectTools } from './agents/direct/direct-tools.ts';
import { TemplateFolder } from './agents/templates/template-folder.ts';
import type { openExecution } from './gateway-execution.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { SqliteStore } from './stores/sqlite/store.ts';
import { HostCommands } from './tools/gateway/host-commands.ts';
import { createOwnTools } from './tools/gateway/own-tools.ts';

/** What the tools over REST are made with. */
export interface DirectToolParts {
  options: GatewayOptions;
  store: SqliteStore;
  execution: ReturnType<typeof openExecution>;
  publicUrl: () => string;
}

/** The tools that are called without a model: the gateway's own, and those of the agents. */
export function openDirectTools({ options, store, execution, publicUrl }: DirectToolParts) {
  const { config, log, env, signalGroup } = options;
  const { agents, directory, knowledge, loading, guard, invoker, sourcesOf, programSlots } = execution;
  const templatesIn = (folder: string) =>
    new TemplateFolder({
      folder,
      agentFolder: config.agentCardsDir,
      loading,
      isTaken: (id) => agents.get(id) !== undefined,
      reload: async () => await directory.reload(),
      log,
    });
  const running = { env, signalGroup, slots: programSlots };
  const hostCommands = new HostCommands(config.ownTools.hostCli?.commands ?? [], running);
  const own = createOwnTools(config.ownTools, {
    env,
    guard,
    knowledge,
    store: store.tickets,
    templatesIn,
    commands: hostCommands.tools,
    publicUrl,
  });
  return { directTools: new DirectTools({ invoker, sourcesOf, own, log }), hostCommands };
}
