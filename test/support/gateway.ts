import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { stringify } from 'yaml';
import type { PushTimes } from '../../src/a2a/push/open-push.ts';
import { readConfig } from '../../src/config.ts';
import { openGateway, type Gateway } from '../../src/gateway.ts';
import { Redactor } from '../../src/telemetry/redactor.ts';
import { createLog } from '../../src/telemetry/winston-log.ts';
import { signalGroup } from './signal-group.ts';

export const adminKey = 'test-administrator-key-0123456789';

export interface TestGateway extends Gateway {
  /** Everything that was logged, as text. */
  logged(): string;
  folder: string;
  /** Writes a file below the agent cards folder. */
  write(path: string, content: string): Promise<void>;
}

export interface TestGatewayOptions {
  /** Files below the agent cards folder; objects are written as YAML. */
  files: Readonly<Record<string, string | object>>;
  /** Environment variables beside the defaults of the tests. */
  env?: Readonly<Record<string, string>>;
  /** Keep the data in a folder, so that another gateway can be opened on it. */
  dataDir?: string;
  pushTimes?: PushTimes;
  now?: () => number;
}

/** A whole gateway on port 0 with agent files of its own; it keeps nothing unless `dataDir` says so. */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-'));
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(options.files)) {
    await write(path, typeof content === 'string' ? content : stringify(content));
  }
  const env = {
    PORT: '0',
    AGENT_CARDS_DIR: folder,
    DATA_DIR: options.dataDir ?? ':memory:',
    ADMIN_API_KEY: adminKey,
    SHUTDOWN_GRACE_SECONDS: '2',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
    ...options.env,
  };
  let lines = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines += chunk.toString('utf8');
      done();
    },
  });
  const log = createLog({ level: 'debug', format: 'json', redactor: new Redactor(), stream });
  const gateway = await openGateway({
    config: readConfig(env),
    log,
    env,
    signalGroup,
    ...(options.pushTimes && { pushTimes: options.pushTimes }),
    ...(options.now && { now: options.now }),
  });
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...gateway, stop, folder, write, logged: () => lines };
}

/** A minimal agent file; `execution` is merged over the defaults. */
export function agentFile(id: string, execution: object = {}, card: object = {}): object {
  return {
    schemaVersion: '1',
    id,
    card: {
      name: id,
      description: `The agent ${id}.`,
      version: '1.0.0',
      skills: [{ id: 'talk', name: 'Talk', description: 'Talks.', tags: ['test'] }],
      ...card,
    },
    execution: { systemPrompt: 'You are a test agent.', ...execution },
  };
}

/** Environment that makes an OpenAI-compatible server the default model. */
export function modelEnv(baseUrl: string): Record<string, string> {
  return { OPENAI_API_KEY: 'test-model-key-000000', OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: 'test-model' };
}
