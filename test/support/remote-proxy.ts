import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { serve, type LocalServer } from '../http/local-server.ts';
import { parseSse } from './sse-reader.ts';

export interface ProxiedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server before another one, with a card of its own: what the gateway sends is seen, and streams may be cut. */
export interface RemoteProxy extends LocalServer {
  cardUrl: string;
  /** All that came so far, the card's requests too. */
  requests: ProxiedRequest[];
  /** After how many events each of the next streams is cut. */
  cuts: number[];
  /** Whether streams lose their event ids. */
  withoutIds: boolean;
}

/** @param cardOf the card, from the proxy's own base URL */
export async function startProxy(target: string, cardOf: (url: string) => object): Promise<RemoteProxy> {
  const state = { requests: [] as ProxiedRequest[], cuts: [] as number[], withoutIds: false };
  const server = await serve((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const { method = 'GET', url: path = '/', headers } = request;
    state.requests.push({ method, path, headers, body });
    if (path === '/card') {
      response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
      return void response.end(JSON.stringify(cardOf(server.url)));
    }
    await pass(state, { target: target + path, method, headers, body }, response);
  };
  return Object.assign(state, server, { cardUrl: `${server.url}/card` });
}

interface Passed {
  target: string;
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
}

async function pass(
  state: { cuts: number[]; withoutIds: boolean },
  { target, method, headers, body }: Passed,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const { host: _host, connection: _connection, 'content-length': _length, ...kept } = headers;
  const answer = await fetch(target, {
    method,
    headers: kept as Record<string, string>,
    signal: left.signal,
    ...(body !== '' && { body }),
  });
  const type = answer.headers.get('content-type') ?? '';
  response.writeHead(answer.status, { 'content-type': type });
  if (!type.startsWith('text/event-stream') || !answer.body) return void response.end(await answer.text());
  let eventsLeft = state.cuts.shift() ?? Infinity;
  for await (const { id, data, comment } of parseSse(Readable.fromWeb(answer.body))) {
    if (comment !== undefined) continue;
    response.write(`${id === undefined || state.withoutIds ? '' : `id: ${id}\n`}data: ${data}\n\n`);
    if (--eventsLeft <= 0) return void setImmediate(() => response.destroy());
  }
  response.end();
}
