import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { answerQuestions } from './child.ts';
import { problemOf, tokenDelays, withoutChunks } from './check.ts';
import { Connection } from './connection.ts';
import { percentile, type HoldJob, type LoadJob, type LoadResult } from './job.ts';
import { scriptText } from './script.ts';

/** Counts requests: message ids must differ, or the gateway takes a request for a repeated one. */
let requests = 0;
const instance = randomBytes(4).toString('hex');
const held: Connection[] = [];
const mostReasons = 5;
/** Milliseconds between the first streams of two connections. */
const stagger = 53;

function bodyOf({ dialect, script }: LoadJob, messageId: string): object {
  const text = scriptText(script);
  if (dialect === 'openai') {
    const messages = [{ role: 'user', content: text }];
    return { model: 'bench', stream: true, stream_options: { include_usage: true }, messages };
  }
  const message =
    dialect === 'v1'
      ? { messageId, role: 'ROLE_USER', parts: [{ text }] }
      : { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text }] };
  const method = dialect === 'v1' ? 'SendStreamingMessage' : 'message/stream';
  return { jsonrpc: '2.0', id: 1, method, params: { message } };
}

/** Makes the text of the job's requests: they differ in the message id alone, which has a fixed length. */
function requestMaker(job: LoadJob): () => string {
  const place = '#'.repeat(21);
  const [before = '', after = ''] = requestText(job, bodyOf(job, place)).split(place);
  if (job.dialect === 'openai') return () => before;
  return () => `${before}${instance}-${String(++requests).padStart(12, '0')}${after}`;
}

function requestText(job: LoadJob, content: object): string {
  const body = JSON.stringify(content);
  const url = new URL(job.url);
  const headers = {
    Host: url.host,
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...job.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** The measuring of one job, shared by its connections. */
class Measurement {
  readonly #job: LoadJob;
  readonly #next: () => string;
  readonly #latencies: number[] = [];
  readonly #delays: number[] = [];
  #wrong = 0;
  readonly #reasons: string[] = [];

  constructor(job: LoadJob) {
    this.#job = job;
    this.#next = requestMaker(job);
  }

  async run(): Promise<LoadResult> {
    const url = new URL(this.#job.url);
    const opening = Array.from({ length: this.#job.connections }, async () => await Connection.open(url));
    const connections = await Promise.all(opening);
    const startedAt = performance.now();
    const until = startedAt + this.#job.seconds * 1000;
    await Promise.all(
      connections.map(async (connection, index) => await this.#repeat(connection, { index, until })),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    for (const connection of connections) connection.close();
    return this.#result(seconds);
  }

  async #repeat(connection: Connection, { index, until }: { index: number; until: number }): Promise<void> {
    // Paced streams of one length would all begin, and end, in the same moment.
    if (this.#job.timed) await delay(index * stagger);
    do {
      const answer = await connection.request(this.#next());
      const problem = problemOf(this.#job, answer, this.#latencies.push(answer.milliseconds) - 1);
      if (problem !== undefined) this.#note(problem);
      if (this.#job.timed) for (const delay of tokenDelays(answer)) this.#delays.push(delay);
    } while (performance.now() < until);
  }

  #note(problem: string): void {
    this.#wrong += 1;
    if (this.#reasons.length < mostReasons) this.#reasons.push(problem);
  }

  #result(seconds: number): LoadResult {
    const latencies = this.#latencies.toSorted((one, other) => one - other);
    const delays = this.#delays.toSorted((one, other) => one - other);
    return {
      streams: latencies.length,
      seconds,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      ...(this.#job.timed && { tokenP50: percentile(delays, 0.5), tokenP99: percentile(delays, 0.99) }),
      wrong: this.#wrong,
      reasons: this.#reasons,
    };
  }
}

async function holdOne(url: URL, text: string): Promise<Connection> {
  const connection = await Connection.open(url);
  held.push(connection);
  await connection.hold(text);
  return connection;
}

/** Makes the requests of readers that subscribe to one run, which it starts. */
async function subscriptionMaker(job: LoadJob): Promise<() => string> {
  const { received } = await holdOne(new URL(job.url), requestMaker(job)());
  const id = /"task":\{"id":"([^"]+)"/.exec(received)?.[1];
  if (id === undefined) throw new Error(`No task to subscribe to: ${received.slice(0, 500)}`);
  const text = requestText(job, { jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id } });
  return () => text;
}

async function hold({ job, streams, subscribed }: HoldJob): Promise<void> {
  const url = new URL(job.url);
  const next = subscribed ? await subscriptionMaker(job) : requestMaker(job);
  const openOne = async (): Promise<void> => {
    await holdOne(url, next());
  };
  const wave = 100;
  for (let opened = 0; opened < streams; opened += wave) {
    await Promise.all(Array.from({ length: Math.min(wave, streams - opened) }, openOne));
  }
}

function release(): void {
  for (const connection of held.splice(0)) connection.close();
}

/** The frames of one stream, for servers that send them ready-made. */
async function capture(job: LoadJob): Promise<string[]> {
  const connection = await Connection.open(new URL(job.url));
  const { bytes } = await connection.request(requestMaker(job)());
  connection.close();
  return withoutChunks(bytes)
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => `${frame}\n\n`);
}

const measure = async (job: LoadJob): Promise<LoadResult> => await new Measurement(job).run();
answerQuestions({ measure, hold, release, capture });
