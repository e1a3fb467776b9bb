import type { PushTimes } from './a2a/push/open-push.ts';
import type { Config } from './config.ts';
import type { ModelDirectory } from './llm/directory.ts';
import type { Log } from './telemetry/log.ts';

export interface GatewayOptions {
  config: Config;
  log: Log;
  /** The environment, for tool headers from `{env: NAME}`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Ends a process that a tool started, and those that it started itself. */
  signalGroup: (group: number, signal: 'SIGTERM' | 'SIGKILL') => void;
  /** In place of the models that the configuration names: models in this process, for measurements. */
  models?: ModelDirectory;
  /** In place of the times of push notifications, for tests. */
  pushTimes?: PushTimes;
  /** In place of the system's clock for when waiting tasks are answered, for tests. */
  now?: () => number;
}
