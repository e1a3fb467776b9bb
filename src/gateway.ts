import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CardCatalog } from './a2a/card-catalog.ts';
import { createCardSigner } from './a2a/card-signer.ts';
import { Operations } from './a2a/operations.ts';
import { openPush, type PushTimes } from './a2a/push/open-push.ts';
import type { AgentRevision, RemoteExecution } from './agents/definition.ts';
import { AgentDirectory } from './agents/directory.ts';
import { executableAgent } from './agents/executable.ts';
import { AgentInvoker } from './agents/invoker.ts';
import { AgentRegistry } from './agents/registry.ts';
import { openRemoteAgent } from './agents/remote/remote-agent.ts';
import { Toolsets } from './agents/toolsets.ts';
import { createApp } from './app.ts';
import { ensureAdminKey } from './auth/api-keys.ts';
import { createAuthenticator, type Authenticate } from './auth/authenticate.ts';
import type { JwtVerifier } from './auth/jwt.ts';
import { SigningKeys } from './auth/signing-keys.ts';
import type { Config, JwtConfig } from './config.ts';
import { KeepAlive } from './http/keep-alive.ts';
import { Shutdown } from './http/shutdown.ts';
import { ModelDirectory } from './llm/directory.ts';
import { RunEngine } from './runs/engine.ts';
import { startRetention } from './runs/retention.ts';
import { SecretBox } from './runs/secret-box.ts';
import { openSqliteStore, type SqliteStore } from './stores/sqlite/store.ts';
import type { Log } from './telemetry/log.ts';
import { EgressGuard } from './tools/egress/egress-guard.ts';
import { createToolSources } from './tools/toolset.ts';

/** A gateway that listens. */
export interface Gateway {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** Base of the URLs that its cards publish. */
  publicUrl: string;
  agents: AgentRegistry;
  models: ModelDirectory;
  /** The administrator key that was made at this start, in clear for the only time. */
  newAdminKey?: string;
  /** Drains and stops; resolves when all is closed. */
  stop: () => Promise<void>;
}

export interface GatewayOptions {
  config: Config;
  log: Log;
  /** The environment, for tool headers from `{env: NAME}`. */
  env: Readonly<Record<string, string | undefined>>;
  /** In place of the models that the configuration names: models in this process, for measurements. */
  models?: ModelDirectory;
  /** In place of the times of push notifications, for tests. */
  pushTimes?: PushTimes;
}

/** What a push notification under way when the gateway stops may still take; an abandoned one is sent at the next start. */
const pushGraceMs = 1000;

/** The composition root: the only file that names concrete adapters. Resolves when the gateway listens. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const store = await openSqliteStore(config.dataDir, config.secretsKey);
  const authentication = await openAuthentication(options, store);
  const server = createServer();
  const url = () => urlOf(server);
  const publicUrl = () => config.publicUrl ?? url();
  const execution = openExecution(options, store, url);
  await execution.directory.start();
  const keepAlive = new KeepAlive();
  const shutdown = openShutdown(options, server, execution.engine);
  const cards = openCards(config, authentication.signingKeys, publicUrl);
  const sending = { ...execution, ...authentication, publicUrl };
  const { push, delivery } = openNotifications(options, store, sending);
  const operations = new Operations({ ...execution, log: store.runs, cards, push });
  const ready = { draining: () => shutdown.draining, ping: async () => await store.runs.ping() };
  const edge = { operations, cards, outbox: store.push, keepAlive, ready, publicUrl };
  server.on('request', createApp({ config, log, ...authentication, ...execution, ...edge }));
  await listen(server, config);
  keepAlive.start(config.sseKeepaliveSeconds);
  const stopRetention = startRetention({ log: store.runs, logger: log, ...config });
  await execution.engine.recover();
  delivery.start();

  const stop = async (): Promise<void> => {
    await shutdown.stop();
    // What outlived the grace is given up without a last event, before the store closes.
    await execution.engine.drain(0);
    await delivery.stop(pushGraceMs);
    stopRetention();
    keepAlive.stop();
    await execution.close();
    await store.close();
  };
  return { ...execution, ...authentication, url: url(), publicUrl: publicUrl(), stop };
}

interface Authentication {
  authenticate: Authenticate;
  signingKeys: SigningKeys;
  secretBox: SecretBox;
  newAdminKey?: string;
}

/** Who calls: the stored keys, the configured one, and JWTs where they are on; and the gateway's own keys. */
async function openAuthentication(
  { config, log }: GatewayOptions,
  store: SqliteStore,
): Promise<Authentication> {
  const newAdminKey = config.adminApiKey === undefined ? await ensureAdminKey(store.keys) : undefined;
  const authenticate = createAuthenticator({
    keys: store.keys,
    ...(config.adminApiKey !== undefined && { adminApiKey: config.adminApiKey }),
    ...(config.jwt && { jwt: await openJwtVerifier(config.jwt, log) }),
    anonymousAllowed: config.authAnonymous,
  });
  const secretBox = new SecretBox(store.secretsKey);
  const signingKeys = await SigningKeys.open({
    store: store.signingKeys,
    secretBox,
    ...(config.cardSigningKeyFile !== undefined && { keyFile: config.cardSigningKeyFile }),
    log,
  });
  return { authenticate, signingKeys, secretBox, ...(newAdminKey !== undefined && { newAdminKey }) };
}

function openCards(config: Config, signingKeys: SigningKeys, publicUrl: () => string): CardCatalog {
  return new CardCatalog({
    signer: createCardSigner(signingKeys, publicUrl),
    card: () => ({ publicUrl: publicUrl(), anonymousAllowed: config.authAnonymous, pushOn: true }),
  });
}

/** Push notifications: the operations on their configs, and their delivery. */
function openNotifications(
  { log, pushTimes }: GatewayOptions,
  store: SqliteStore,
  sending: Authentication & { guard: EgressGuard; publicUrl: () => string },
) {
  return openPush({
    ...sending,
    outbox: store.push,
    log: store.runs,
    signJwt: async (claims) => await sending.signingKeys.signJwt(claims),
    issuer: sending.publicUrl,
    logger: log,
    times: pushTimes,
  });
}

/** Loaded only where JWT is on, as it costs start-up time. */
async function openJwtVerifier(config: JwtConfig, log: Log): Promise<JwtVerifier> {
  const { createJwtVerifier } = await import('./auth/jwt.ts');
  return createJwtVerifier(config, { log });
}

/** What runs: agents, their tools and models, and the engine that executes them. */
function openExecution(options: GatewayOptions, store: SqliteStore, ownAddress: () => string) {
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
    toolsets.executable(revision, (sources) => executableAgent(revision, { models, sources, openRemote }));
  const engine = new RunEngine({
    log: store.runs,
    findAgent: (agentId) => {
      const agent = agents.get(agentId);
      return agent && executableOf(agent);
    },
    secretBox: new SecretBox(store.secretsKey),
    logger: log,
    idempotencyWindowMs: config.idempotencyWindowSeconds * 1000,
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

function openShutdown({ config, log }: GatewayOptions, server: Server, engine: RunEngine): Shutdown {
  const { drainDelaySeconds, shutdownGraceSeconds: graceSeconds } = config;
  const drain = async (): Promise<void> => await engine.drain(graceSeconds * 1000);
  return new Shutdown({ server, drainDelaySeconds, graceSeconds, drain, log });
}

async function listen(server: Server, config: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
}

/** The address under which this machine itself reaches the server. */
function urlOf(server: Server): string {
  const { port, family, address } = server.address() as AddressInfo;
  const everywhere = address === '0.0.0.0' || address === '::';
  const host = everywhere ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
