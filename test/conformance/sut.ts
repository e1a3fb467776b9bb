import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { openGateway } from '../../src/gateway.ts';
import { Redactor } from '../../src/telemetry/redactor.ts';
import { createLog } from '../../src/telemetry/winston-log.ts';
import { signalGroup } from '../support/signal-group.ts';

/**
 * The system under test of the compatibility kits: the gateway with the conformance agent, in the kits' profile.
 * Callers without credentials are let in, idempotency is off as the kits use a messageId again and again, webhooks
 * may be on this machine, and nothing is kept. From the environment: `PORT` (9999), `GRPC_PORT` (50051),
 * `CARD_DEFAULT_VERSION` (`1.0` for the kit of v1.0) and `DEFAULT_AGENT`, whose card stands at the origin:
 * `conformance`, `conformance-minimal` or `conformance-extension`.
 */
const env = {
  PORT: process.env.PORT ?? '9999',
  GRPC_PORT: process.env.GRPC_PORT ?? '50051',
  DATA_DIR: ':memory:',
  AGENT_CARDS_DIR: join(import.meta.dirname, 'agent-cards'),
  DEFAULT_AGENT: process.env.DEFAULT_AGENT ?? 'conformance',
  MODULE_AGENTS: 'true',
  AUTH_ANONYMOUS: 'true',
  IDEMPOTENCY_WINDOW_SECONDS: '0',
  EGRESS_ALLOW: '127.0.0.1,localhost',
  ADMIN_API_KEY: 'conformance-administrator-key',
  CARD_DEFAULT_VERSION: process.env.CARD_DEFAULT_VERSION ?? '0.3',
};
const log = createLog({ level: 'warn', format: 'json', redactor: new Redactor() });
const gateway = await openGateway({ config: readConfig(env), log, env, signalGroup });
process.stdout.write(`${gateway.url}/.well-known/agent-card.json\n`);
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
