import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import type { McpMessage } from './mcp-script.ts';

/**
 * Puts an MCP server that speaks over stdio only behind streamable HTTP on $PORT. Its arguments are what Node is to
 * run for each session. Messages pass as they are; what the server says unasked is left out.
 */
class Session {
  readonly #child = spawn(process.execPath, process.argv.slice(2), { stdio: ['pipe', 'pipe', 'ignore'] });
  readonly #waiting = new Map<McpMessage['id'], (line: string) => void>();

  constructor(onEnd: () => void) {
    this.#child.once('exit', onEnd);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { id, method } = JSON.parse(line) as McpMessage;
      if (method !== undefined) return;
      this.#waiting.get(id)?.(line);
      this.#waiting.delete(id);
    });
  }

  /** Resolves with the answer. */
  async ask(id: McpMessage['id'], message: string): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#waiting.set(id, resolve));
    this.tell(message);
    return await answer;
  }

  tell(message: string): void {
    this.#child.stdin.write(`${message}\n`);
  }

  end(): void {
    this.#child.stdin.end();
  }
}

const sessions = new Map<string, Session>();

function open(id: string): Session {
  const session = new Session(() => sessions.delete(id));
  sessions.set(id, session);
  return session;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const named = request.headers['mcp-session-id']?.toString();
  if (request.method === 'DELETE') {
    sessions.get(named ?? '')?.end();
    return response.writeHead(204).end();
  }
  if (request.method !== 'POST') return response.writeHead(405).end();
  const { id, method } = JSON.parse(body) as McpMessage;
  const key = named ?? randomUUID();
  const session = method === 'initialize' ? open(key) : sessions.get(key);
  if (!session) return response.writeHead(404).end();
  if (id === undefined) {
    session.tell(body);
    return response.writeHead(202).end();
  }
  const said = await session.ask(id, body);
  response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': key });
  return response.end(said);
}

createServer((request, response) => void answer(request, response)).listen(
  Number(process.env['PORT']),
  '127.0.0.1',
);
