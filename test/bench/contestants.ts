import type { LoadJob } from './job.ts';
import { Child } from './processes.ts';
import { hasSteps, piece, piecesOf, type Script } from './script.ts';

const key = 'benchmark-administrator-key-0123';

export interface GatewayOptions {
  /** Base address of a model over HTTP; absent: the scripted model in the process. */
  model?: string;
  /** Card of another gateway's agent, which this gateway fronts. */
  remote?: string;
  profile?: string | undefined;
}

export async function startGateway({ model, remote, profile }: GatewayOptions = {}): Promise<Child> {
  return await Child.start('gateway-server.ts', {
    place: 'server',
    arguments: [model, remote].filter((address) => address !== undefined),
    env: { ADMIN_API_KEY: key },
    profile,
  });
}

export async function startSdkServer(model?: string): Promise<Child> {
  return await Child.start('sdk-server.ts', {
    place: 'server',
    arguments: model === undefined ? [] : [model],
  });
}

/** A bare server that sends ready-made frames; `open`: only the first of them, and leaves the stream open. */
export async function startFramesServer(
  kind: 'node' | 'express',
  frames: readonly string[],
  open = false,
): Promise<Child> {
  const child = await Child.start('frames-server.ts', { place: 'server', arguments: [kind] });
  await child.ask('use', { frames, open });
  return child;
}

export interface JobOptions {
  dialect: 'v1' | 'v03';
  script: Script;
  connections?: number;
  seconds: number;
}

/** The job of asking this A2A server with an agent whose events are scripted. */
export async function eventsJob(
  server: Child,
  { dialect, script, connections = 50, seconds }: JobOptions,
): Promise<LoadJob> {
  const texts = piecesOf(script);
  return {
    url: await server.ask<string>('url'),
    headers: { Authorization: `SSWS ${key}`, 'A2A-Version': dialect === 'v1' ? '1.0' : '0.3' },
    dialect,
    script,
    connections,
    seconds,
    frames: script.size,
    // v0.3 repeats the answer in its final message.
    ...(dialect === 'v1' && { tokens: texts.length }),
    text: texts.join(hasSteps(script) ? '\n\n' : ''),
  };
}

/** The job of asking this A2A server with an agent whose model answers over HTTP. */
export async function callJob(server: Child, options: Omit<JobOptions, 'dialect'>): Promise<LoadJob> {
  const { frames: _merged, text: _timed, ...job } = await eventsJob(server, { dialect: 'v1', ...options });
  return { ...job, ...tokensOf(options.script) };
}

/** The job of asking the model itself. */
export async function modelJob(
  model: Child,
  { script, connections = 50, seconds }: Omit<JobOptions, 'dialect'>,
): Promise<LoadJob> {
  const url = `${await model.ask<string>('url')}/chat/completions`;
  return { url, headers: {}, dialect: 'openai', script, connections, seconds, ...tokensOf(script) };
}

function tokensOf({ pace, size }: Script): Pick<LoadJob, 'tokens' | 'text' | 'timed'> {
  const text = Array.from({ length: size }, (_, index) => piece(index)).join('');
  return { tokens: size, ...(pace === 'paced' ? { timed: true } : { text }) };
}
