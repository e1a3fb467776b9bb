import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ScriptedMcp, type McpMessage } from './mcp-script.ts';

export interface SeenRequest {
  method: string;
  /** Of the JSON-RPC message, where there is one. */
  rpcMethod?: string;
  headers: IncomingHttpHeaders;
}

export interface McpHttpServer {
  url: string;
  readonly requests: readonly SeenRequest[];
  /** Every session is unknown from now on, as after a restart. */
  forgetSessions(): void;
  /** Answers everything with a redirect from now on. */
  redirectTo(url: string): void;
  close(): Promise<void>;
}

/** The scripted MCP server over streamable HTTP, answering with JSON; each session is one of its own, a modern one has none. */
export async function startMcpHttpServer(modern = false): Promise<McpHttpServer> {
  const requests: SeenRequest[] = [];
  const sessions = new Map<string, ScriptedMcp>();
  const answers = new Map<unknown, (message: object) => void>();
  let redirect: string | undefined;
  let count = 0;
  const send = (one: object): void => answers.get('id' in one && one.id)?.(one);
  const sessionless = new ScriptedMcp(send, {}, true);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const message = body === '' ? undefined : (JSON.parse(body) as McpMessage);
    const seen: SeenRequest = { method: request.method ?? '', headers: request.headers };
    requests.push({ ...seen, ...(message?.method && { rpcMethod: message.method }) });
    if (redirect) return response.writeHead(307, { location: redirect }).end();
    const asked = String(request.headers['mcp-session-id']);
    if (request.method === 'DELETE') return response.writeHead(sessions.delete(asked) ? 200 : 404).end();
    if (!message) return response.writeHead(405).end();
    const isNew = message.method === 'initialize';
    const id = isNew ? `session-${(count += 1)}` : asked;
    if (isNew) sessions.set(id, new ScriptedMcp(send));
    const session = modern ? sessionless : sessions.get(id);
    if (!session) return response.writeHead(404).end();
    if (message.id === undefined) {
      await session.receive(message);
      return response.writeHead(202).end();
    }
    answers.set(message.id, (one) => {
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': id });
      response.end(JSON.stringify(one));
    });
    return await session.receive(message);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    forgetSessions: () => sessions.clear(),
    redirectTo: (url) => (redirect = url),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
