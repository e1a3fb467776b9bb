import type { IncomingHttpHeaders } from 'node:http';
import { serve, type LocalServer } from '../http/local-server.ts';

export interface RemoteCall {
  method: string;
  headers: IncomingHttpHeaders;
  params: {
    id?: string;
    message?: { messageId: string; taskId?: string; contextId?: string; parts: object[]; metadata?: object };
    configuration?: { returnImmediately?: boolean; acceptedOutputModes?: string[] };
  };
}

/** A result, an error, or the events of a stream, which may have to be waited for. */
export type RemoteAnswer =
  | { result: object }
  | { error: { code: number; message: string } }
  | { events: AsyncIterable<object> | object[] };

export interface FakeRemote extends LocalServer {
  cardUrl: string;
  calls: RemoteCall[];
}

/** An A2A 1.0 server over JSON-RPC that answers as the test says. */
export async function startFakeRemote(
  answer: (call: RemoteCall) => RemoteAnswer,
  card: object = {},
): Promise<FakeRemote> {
  const calls: RemoteCall[] = [];
  const server = await serve((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      void (async () => {
        if (request.url === '/card') {
          const address = { url: `${server.url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' };
          const shown = { supportedInterfaces: [address], capabilities: { streaming: true }, ...card };
          return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(shown));
        }
        const { id, ...asked } = JSON.parse(body) as RemoteCall & { id: number };
        const call = { ...asked, headers: request.headers };
        calls.push(call);
        const answered = answer(call);
        if (!('events' in answered)) {
          response.writeHead(200, { 'content-type': 'application/json' });
          return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answered }));
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        for await (const result of answered.events)
          response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
        return response.end();
      })();
    });
  });
  return { ...server, cardUrl: `${server.url}/card`, calls };
}

/** A task of the remote's, as its v1.0 JSON. */
export function remoteTask(state: string, more: object = {}): object {
  return {
    id: 'remote-task',
    contextId: 'remote-context',
    status: { state: `TASK_STATE_${state}` },
    ...more,
  };
}
