import type { GrpcEndpoint } from './a2a/card-interfaces.ts';
import { CardCatalog } from './a2a/card-catalog.ts';
import { createCardSigner } from './a2a/card-signer.ts';
import type { GrpcDoorOptions } from './a2a/grpc/door.ts';
import type { GrpcServer } from './a2a/grpc/server.ts';
import { Operations } from './a2a/operations.ts';
import { openPush } from './a2a/push/open-push.ts';
import type { AppParts } from './app.ts';
import type { SigningKeys } from './auth/signing-keys.ts';
import type { Config } from './config.ts';
import type { Authentication } from './gateway-authentication.ts';
import { openDirectTools } from './gateway-tools.ts';
import type { openExecution } from './gateway-execution.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { KeepAlive } from './http/keep-alive.ts';
import type { SqliteStore } from './stores/sqlite/store.ts';
import type { EgressGuard } from './tools/egress/egress-guard.ts';

/** What the doors are opened with. */
export interface DoorParts {
  options: GatewayOptions;
  store: SqliteStore;
  authentication: Authentication;
  execution: ReturnType<typeof openExecution>;
  publicUrl: () => string;
}

/** What every door needs, and the gRPC server where it is on: its port is in the cards. */
export async function openDoors({ options, store, authentication, execution, publicUrl }: DoorParts) {
  const { config, log } = options;
  let grpc: GrpcServer | undefined;
  const grpcEndpoint = () => grpc?.endpoint(publicUrl());
  const cards = openCards(config, authentication.signingKeys, { publicUrl, grpcEndpoint });
  const sending = { ...execution, ...authentication, publicUrl };
  const { push, delivery } = openNotifications(options, store, sending);
  const operations = new Operations({ ...execution, log: store.runs, cards, push });
  const keepAlive = new KeepAlive();
  const doors = {
    config,
    log,
    ...authentication,
    ...execution,
    directTools: openDirectTools({ options, store, execution, publicUrl }),
    tickets: store.tickets,
    operations,
    cards,
    keepAlive,
    outbox: store.push,
    publicUrl,
  };
  grpc = await openGrpc(doors);
  return { doors, delivery, grpc };
}

function openCards(
  config: Config,
  signingKeys: SigningKeys,
  { publicUrl, grpcEndpoint }: { publicUrl: () => string; grpcEndpoint: () => GrpcEndpoint | undefined },
): CardCatalog {
  return new CardCatalog({
    signer: createCardSigner(signingKeys, publicUrl),
    card: () => ({
      publicUrl: publicUrl(),
      anonymousAllowed: config.authAnonymous,
      pushOn: true,
      grpc: grpcEndpoint(),
    }),
  });
}

/** Loaded only where it is on, as it costs start-up time and memory. */
async function openGrpc(
  doors: Omit<GrpcDoorOptions, 'defaultAgentId'> & Pick<AppParts, 'config' | 'agents'>,
): Promise<GrpcServer | undefined> {
  const { config, agents } = doors;
  if (!config.grpc) return undefined;
  const { openGrpcServer } = await import('./a2a/grpc/server.ts');
  return await openGrpcServer({
    ...doors,
    ...config.grpc,
    host: config.host,
    defaultAgentId: () => agents.defaultAgent()?.id,
    maxMessageBytes: config.maxBodyBytes,
    keepaliveSeconds: config.sseKeepaliveSeconds,
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
