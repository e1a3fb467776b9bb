import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Log, LogFields } from '../../src/telemetry/log.ts';

export interface LocalServer extends AsyncDisposable {
  server: Server;
  port: number;
  url: string;
}

/** A real server on a free port of the loopback address. */
export async function serve(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { server, port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

/** A bare TCP connection that has sent `text`. */
export async function openSocket(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** Reads from the socket until `expected` has arrived; rejects when the connection ends before. */
export function readUntil(socket: Socket, expected: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const onData = (chunk: Buffer): void => {
      received += chunk.toString();
      if (!received.includes(expected)) return;
      socket.off('data', onData).off('close', onClose);
      resolve(received);
    };
    const onClose = (): void => reject(new Error(`closed before ${expected}; received: ${received}`));
    socket.on('data', onData).on('close', onClose).resume();
  });
}

export interface LogEntry {
  level: keyof Log;
  message: string;
  fields: LogFields;
}

/** A log that keeps its entries. */
export function recordingLog(): Log & { entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const at =
    (level: keyof Log): Log[keyof Log] =>
    (message, fields = {}) => {
      entries.push({ level, message, fields });
    };
  return { entries, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
