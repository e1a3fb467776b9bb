import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentRegistry } from './agents/registry.ts';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { openAuthentication } from './gateway-authentication.ts';
import { openDoors } from './gateway-doors.ts';
import { openExecution } from './gateway-execution.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { Shutdown } from './http/shutdown.ts';
import type { ModelDirectory } from './llm/directory.ts';
import { startRetention } from './runs/retention.ts';
import { openSqliteStore } from './stores/sqlite/store.ts';

export type { GatewayOptions } from './gateway-options.ts';

/** A gateway that listens. */
export interface Gateway {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** Base of the URLs that its cards publish. */
  publicUrl: string;
  /** `host:port` of the gRPC server, where it is on. */
  grpcAddress?: string;
  agents: AgentRegistry;
  models: ModelDirectory;
  /** The administrator key that was made at this start, in clear for the only time. */
  newAdminKey?: string;
  /** Drains and stops; resolves when all is closed. */
  stop: () => Promise<void>;
}

/** What a push notification under way when the gateway stops may still take; an abandoned one is sent at the next start. */
const pushGraceMs = 1000;

/** The composition root: only it and its parts (gateway-*.ts) name concrete adapters. Resolves when the gateway listens. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const store = await openSqliteStore(config.dataDir, config.secretsKey);
  const authentication = await openAuthentication(options, store);
  const server = createServer();
  const url = () => urlOf(server);
  const publicUrl = () => config.publicUrl ?? url();
  const execution = openExecution(options, store, url);
  await execution.directory.start();
  const { doors, delivery, grpc } = await openDoors({ options, store, authentication, execution, publicUrl });
  const shutdown = openShutdown(options, server, [execution.engine, ...(grpc ? [grpc] : [])]);
  const ready = { draining: () => shutdown.draining, ping: async () => await store.runs.ping() };
  server.on('request', createApp({ ...doors, ready }));
  await listen(server, config);
  doors.keepAlive.start(config.sseKeepaliveSeconds);
  const stopRetention = startRetention({ log: store.runs, logger: log, ...config });
  await execution.engine.recover();
  delivery.start();

  const stop = async (): Promise<void> => {
    await shutdown.stop();
    // What outlived the grace is given up without a last event, before the store closes.
    await execution.engine.drain(0);
    await delivery.stop(pushGraceMs);
    grpc?.close();
    stopRetention();
    doors.keepAlive.stop();
    await doors.hostCommands.close();
    await execution.close();
    await store.close();
  };
  const grpcAddress = grpc?.endpoint(url()).address;
  const addresses = { url: url(), publicUrl: publicUrl(), ...(grpcAddress && { grpcAddress }) };
  return { ...execution, ...authentication, ...addresses, stop };
}

function openShutdown(
  { config, log }: GatewayOptions,
  server: Server,
  drained: readonly { drain(graceMs: number): Promise<void> }[],
): Shutdown {
  const { drainDelaySeconds, shutdownGraceSeconds: graceSeconds } = config;
  const drain = async (): Promise<void> => {
    await Promise.all(drained.map(async (one) => await one.drain(graceSeconds * 1000)));
  };
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
