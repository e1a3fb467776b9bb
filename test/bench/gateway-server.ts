import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { openGateway } from '../../src/gateway.ts';
import { ModelDirectory } from '../../src/llm/directory.ts';
import { Redactor } from '../../src/telemetry/redactor.ts';
import { createLog } from '../../src/telemetry/winston-log.ts';
import { signalGroup } from '../support/signal-group.ts';
import { answerQuestions } from './child.ts';
import { scriptedModel, toolName } from './scripted-model.ts';

/** Address of a model over HTTP; without one the model is in the process. */
const modelAddress = process.argv[2];
/** Card of another gateway's agent that this one fronts; without one the agent is its own. */
const remoteCard = process.argv[3];

/** The gateway as it is in production, its store in files. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'a2a-gateway-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await writeAgent(join(folder, 'agents'));
  const env = {
    ADMIN_API_KEY: process.env.ADMIN_API_KEY,
    OPENAI_BASE_URL: modelAddress,
    HOST: '127.0.0.1',
    PORT: '0',
    AGENT_CARDS_DIR: join(folder, 'agents'),
    DATA_DIR: join(folder, 'data'),
    RATE_LIMIT_PER_MINUTE: '0',
  };
  const config = readConfig(env);
  const log = createLog({ level: config.logLevel, format: 'json', redactor: new Redactor() });
  const models = modelAddress === undefined ? inProcess() : undefined;
  const gateway = await openGateway({ config, log, env, signalGroup, ...(models && { models }) });
  answerQuestions({ url: () => `${gateway.url}/a2a/scripted` });
}

function inProcess(): ModelDirectory {
  const record = {
    id: 'scripted',
    name: 'Scripted',
    baseUrl: 'http://127.0.0.1',
    model: 'scripted',
    default: true,
  };
  return new ModelDirectory([{ ...record, timeoutSeconds: 60, maxConcurrency: 100_000 }], ({ id }) =>
    scriptedModel(id),
  );
}

async function writeAgent(folder: string): Promise<void> {
  await mkdir(join(folder, 'documents'), { recursive: true });
  await writeFile(join(folder, 'documents', 'one.md'), '# One\n\nA document.\n');
  const skill = { id: 'talk', name: 'Talk', description: 'Talks.', tags: ['benchmark'] };
  const agent = {
    schemaVersion: '1',
    id: 'scripted',
    card: { name: 'Scripted', description: 'Does what the message says.', version: '1.0.0', skills: [skill] },
    execution: { ...kindOfAgent(), limits: { maxSteps: 64, maxToolCalls: 256, timeoutSeconds: 3600 } },
  };
  await writeFile(join(folder, 'scripted.yaml'), stringify(agent));
}

function kindOfAgent(): object {
  if (remoteCard !== undefined) {
    return {
      kind: 'a2a',
      card: remoteCard,
      headers: { Authorization: { env: 'ADMIN_API_KEY', prefix: 'SSWS ' } },
    };
  }
  return {
    systemPrompt: 'You are measured.',
    tools: [{ name: toolName, type: 'knowledge', source: './documents', description: 'Searches.' }],
  };
}

await main();
