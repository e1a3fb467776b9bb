import { readConfig } from '../../src/config.ts';
import { openGateway } from '../../src/gateway.ts';
import { Redactor } from '../../src/telemetry/redactor.ts';
import { createLog } from '../../src/telemetry/winston-log.ts';

/**
 * The gateway in the profile of a compatibility kit: callers without credentials are let in, idempotency is
 * off, nothing is kept, and the default agent's card stands at the origin. `PORT` chooses the port (9999).
 * It serves the repository's own agents.
 */
const env = {
  PORT: process.env.PORT ?? '9999',
  DATA_DIR: ':memory:',
  AUTH_ANONYMOUS: 'true',
  IDEMPOTENCY_WINDOW_SECONDS: '0',
  ADMIN_API_KEY: 'conformance-administrator-key',
  CARD_DEFAULT_VERSION: process.env.CARD_DEFAULT_VERSION ?? '0.3',
};
const log = createLog({ level: 'warn', format: 'json', redactor: new Redactor() });
const gateway = await openGateway({ config: readConfig(env), log, env });
process.stdout.write(`${gateway.url}/.well-known/agent-card.json\n`);
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
