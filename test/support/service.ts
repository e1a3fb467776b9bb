import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that an HTTP tool sent. */
export interface ServiceRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface ServiceAnswer {
  status?: number;
  /** Objects become JSON. */
  body: string | object;
}

export interface Service {
  readonly url: string;
  /** All that came so far, oldest first. */
  readonly requests: readonly ServiceRequest[];
  close(): Promise<void>;
}

/** The service behind HTTP tools: answers as `answer` says, on a free port of the loopback interface. */
export async function startService(
  answer: (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>,
): Promise<Service> {
  const requests: ServiceRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const serve = async (): Promise<void> => {
      let body = '';
      for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk);
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body };
      requests.push(request);
      const given = await answer(request);
      const isText = typeof given.body === 'string';
      outgoing.writeHead(given.status ?? 200, { 'content-type': isText ? 'text/plain' : 'application/json' });
      outgoing.end(isText ? given.body : JSON.stringify(given.body));
    };
    serve().catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
