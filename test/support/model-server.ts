import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderRecord } from '../../src/llm/provider.ts';
import type { Reply } from './model-replies.ts';

/** The body of a chat completion request, as far as tests look at it. */
export interface RequestBody {
  model: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  temperature?: number;
  messages: readonly {
    role: string;
    content: string | null;
    tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
    tool_call_id?: string;
  }[];
  tools?: readonly { function: { name: string; description?: string; parameters?: object } }[];
  response_format?: { type: string; json_schema?: { name: string; schema: object; strict?: boolean } };
}

export interface RecordedRequest {
  /** Position among the requests, from 0. */
  index: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: RequestBody;
  /** Resolves when the client closes the connection before the answer is at its end. */
  aborted: Promise<void>;
}

/**
 * What is answered: a list is used one by one, its last reply again and again; a function decides by the request.
 * The replies stand in `model-replies.ts`.
 */
export type Script = Reply | readonly Reply[] | ((request: RecordedRequest) => Reply | Promise<Reply>);

export interface ModelServer {
  /** What a provider record calls `baseUrl`. */
  readonly baseUrl: string;
  /** All that came so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Connections that clients opened so far. */
  readonly connections: number;
  /** The request with this index; waits until it has come. */
  request(index: number): Promise<RecordedRequest>;
  /** A provider record for this server. */
  provider(changes?: Partial<ProviderRecord>): ProviderRecord;
  /** Ends all connections and stops. */
  close(): Promise<void>;
}

/** Starts an OpenAI-compatible server on a free port of the loopback interface. */
export async function startModelServer(script: Script): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  const waiting: { index: number; resolve: (request: RecordedRequest) => void }[] = [];
  let connections = 0;

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = await record(incoming, outgoing, requests.length);
    // The body arrives in pieces: the index is the order in which requests were complete.
    request.index = requests.push(request) - 1;
    for (const one of waiting) if (one.index === request.index) one.resolve(request);
    const reply = await replyFor(script, request);
    await reply.send(outgoing, request);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (outgoing.destroyed) return;
      if (!outgoing.headersSent) outgoing.writeHead(599);
      outgoing.end(`The script failed: ${String(error)}`);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;

  return {
    baseUrl,
    requests,
    get connections() {
      return connections;
    },
    request: async (index) =>
      requests[index] ?? (await new Promise<RecordedRequest>((resolve) => waiting.push({ index, resolve }))),
    provider: (changes = {}) => ({ ...recordDefaults, baseUrl, ...changes }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const recordDefaults = {
  id: 'scripted',
  name: 'Scripted model',
  model: 'scripted-1',
  default: true,
  timeoutSeconds: 10,
  maxConcurrency: 50,
};

async function record(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  index: number,
): Promise<RecordedRequest> {
  const aborted = new Promise<void>((resolve) => {
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) resolve();
    });
  });
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  const body = JSON.parse(text) as RequestBody;
  return { index, path: incoming.url ?? '', headers: incoming.headers, body, aborted };
}

async function replyFor(script: Script, request: RecordedRequest): Promise<Reply> {
  if (typeof script === 'function') return await script(request);
  if ('send' in script) return script;
  const reply = script[request.index] ?? script.at(-1);
  if (!reply) throw new Error('The script is empty');
  return reply;
}
