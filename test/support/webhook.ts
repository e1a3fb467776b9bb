import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './wait.ts';

/** A notification as it arrived. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The body as it was sent. */
  text: string;
  body: ReceivedBody;
}

/** What tests read of the bodies of both versions: of v1.0 one member of StreamResponse, of v0.3 the task. */
export interface ReceivedBody {
  task?: ReceivedTask;
  statusUpdate?: { taskId: string; status: { state: string } };
  artifactUpdate?: { taskId: string; lastChunk?: boolean; artifact: ReceivedArtifact };
  kind?: string;
  id?: string;
  status?: { state: string };
  artifacts?: ReceivedArtifact[];
}

interface ReceivedArtifact {
  artifactId: string;
  parts: { text?: string; data?: unknown }[];
}

interface ReceivedTask {
  id: string;
  status: { state: string };
}

/** Answers a notification; the default is 204. */
export type Answer = (response: ServerResponse, received: Received) => void | Promise<void>;

export interface Webhook {
  url: string;
  received: readonly Received[];
  /** How many connections were made to it. */
  readonly connections: number;
  /** How the next notifications are answered, one after the other; the rest with 204. */
  answerWith(...answers: Answer[]): void;
  /** Resolves once so many notifications have arrived. */
  arrived(count: number): Promise<readonly Received[]>;
  close(): Promise<void>;
}

/** A receiver of push notifications on the loopback address. */
export async function startWebhook(port = 0): Promise<Webhook> {
  const received: Received[] = [];
  let answers: Answer[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one: Received = { method, path, headers, text, body: JSON.parse(text) as ReceivedBody };
      received.push(one);
      const answer = answers.shift() ?? statusOf(204);
      void answer(response, one);
    });
  });
  server.on('connection', () => (connections += 1));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return connections;
    },
    answerWith: (...given) => void (answers = given),
    arrived: async (count) => {
      await until(() => received.length >= count, { what: `${count} notifications`, timeoutMs: 10_000 });
      return received;
    },
    close: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function statusOf(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => void response.writeHead(status, headers).end();
}

/** Never answers. */
export const silence: Answer = () => undefined;

/** What happened, in one word each: `working`, `answer` (an artifact's id), `completed`. */
export function said({ body }: Received): string {
  const { statusUpdate, artifactUpdate, task } = body;
  const state = statusUpdate?.status.state ?? task?.status.state ?? body.status?.state;
  return artifactUpdate?.artifact.artifactId ?? (state ?? '').replace('TASK_STATE_', '').toLowerCase();
}
