import { enableCompileCache } from 'node:module';

// Kept between starts, the compiled code halves the time until the gateway listens. It must be on before the
// rest is loaded, hence the dynamic imports.
enableCompileCache();
const [{ ConfigError, readConfig }, { openGateway }, { announce }, { Redactor }, { createLog }] =
  await Promise.all([
    import('./config.ts'),
    import('./gateway.ts'),
    import('./main-announcement.ts'),
    import('./telemetry/redactor.ts'),
    import('./telemetry/winston-log.ts'),
  ]);

/** Starts the gateway, prints how to use it, and stops it on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const config = readConfig(process.env, { isTerminal: process.stdout.isTTY });
  const redactor = new Redactor();
  for (const secret of [
    config.adminApiKey,
    config.secretsKey,
    ...config.llmProviders.map((one) => one.apiKey),
  ]) {
    if (secret !== undefined) redactor.add(secret);
  }
  const log = createLog({ level: config.logLevel, format: config.logFormat, redactor });
  const opening = openGateway({ config, log, env: process.env, signalGroup });
  // From the first moment: whoever reads the announcement may end the process in the next one.
  const stop = (): void =>
    void opening.then(async (gateway) => await gateway.stop()).then(() => process.exit(0), ignore);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const gateway = await opening;
  // A reader of the log that goes away must not take the gateway with it.
  process.stdout.on('error', ignore);
  process.stdout.write(announce(config, gateway));
  await gateway.models.warmUp();
}

/** A process group has the negative id of the process that leads it. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  process.kill(-group, signal);
}

/** For errors that somebody else reports, or that nobody can be told. */
function ignore(): void {}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${error instanceof ConfigError ? message : `The gateway could not start: ${message}`}\n`,
  );
  // What was opened before the failure must not keep the process up without a word.
  process.exit(1);
}
