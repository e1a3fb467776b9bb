import express, { Router, type Express } from 'express';
import helmet from 'helmet';
import type { AgentInvoker } from './agents/invoker.ts';
import type { DirectTools } from './agents/direct/direct-tools.ts';
import type { AgentRegistry } from './agents/registry.ts';
import { aiCatalogRoute } from './a2a/ai-catalog.ts';
import type { CardCatalog } from './a2a/card-catalog.ts';
import { cardRoutes } from './a2a/card-routes.ts';
import { httpJsonDoor } from './a2a/http-json-door.ts';
import { jsonRpcDoor } from './a2a/json-rpc-door.ts';
import type { Operations } from './a2a/operations.ts';
import type { PushOutbox } from './a2a/push/outbox.ts';
import type { Authenticate } from './auth/authenticate.ts';
import type { SigningKeys } from './auth/signing-keys.ts';
import type { Config } from './config.ts';
import { notFoundHandler, restErrorHandler } from './http/error-writer.ts';
import { liveHandler, readyHandler, type ReadyChecks } from './http/health.ts';
import type { KeepAlive } from './http/keep-alive.ts';
import { requestContext } from './http/request-context.ts';
import { agentRoutes } from './rest/agents.ts';
import { answerHandler } from './rest/answer.ts';
import { demoShop } from './rest/demo-shop.ts';
import { pushRoutes } from './rest/push.ts';
import { keySetRoute, signingKeyRoutes } from './rest/signing-keys.ts';
import { supportTicketRoutes } from './rest/support-tickets.ts';
import { toolRoutes } from './rest/tools.ts';
import type { ModelDirectory } from './llm/directory.ts';
import type { RunEngine } from './runs/engine.ts';
import type { Log } from './telemetry/log.ts';
import type { TicketStore } from './tools/gateway/ticket-store.ts';

export interface AppParts {
  config: Config;
  log: Log;
  authenticate: Authenticate;
  signingKeys: SigningKeys;
  invoker: AgentInvoker;
  directTools: DirectTools;
  tickets: TicketStore;
  operations: Operations;
  cards: CardCatalog;
  outbox: PushOutbox;
  engine: RunEngine;
  keepAlive: KeepAlive;
  ready: ReadyChecks;
  /** Base of the URLs that cards publish. */
  publicUrl: () => string;
  agents: AgentRegistry;
  models: ModelDirectory;
}

/** The Express app on one page: every mount in order, last the error handler. */
export function createApp(parts: AppParts): Express {
  const { config, log } = parts;
  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', config.trustProxy);

  app.use(requestContext(log));
  // Before helmet: its dozen headers are for browsers, and these are the addresses that every task goes through.
  const door = { ...parts, maxBodyBytes: config.maxBodyBytes };
  app.post('/a2a/:agentId', jsonRpcDoor(door));
  app.use('/a2a/:agentId', httpJsonDoor(door));
  app.use(helmet());
  app.get('/health/live', liveHandler());
  app.get('/health/ready', readyHandler(parts.ready));

  app.use(
    cardRoutes({
      ...parts,
      defaultAgentId: () => parts.agents.defaultAgent()?.id,
      defaultVersion: config.cardDefaultVersion,
    }),
  );

  app.use(aiCatalogRoute(parts));
  app.use(keySetRoute(parts));

  app.use('/api/v1', restRoutes(parts));

  // Only while the sample that calls it is loaded.
  const shop = demoShop();
  app.use((request, response, next) =>
    parts.agents.get('order-desk') ? shop(request, response, next) : next(),
  );

  app.use(notFoundHandler());
  app.use(restErrorHandler(log));
  return app;
}

/** The REST doors below `/api/v1`. */
function restRoutes(parts: AppParts): Router {
  const api = Router();
  api.post('/agents/:agentId/answer', answerHandler({ ...parts, maxBodyBytes: parts.config.maxBodyBytes }));
  api.use(agentRoutes({ ...parts, models: () => parts.models.list() }));
  api.use(signingKeyRoutes(parts));
  api.use(pushRoutes(parts));
  api.use(toolRoutes({ ...parts, maxBodyBytes: parts.config.maxBodyBytes }));
  api.use(supportTicketRoutes(parts));
  return api;
}
