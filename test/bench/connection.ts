import { connect, type Socket } from 'node:net';
import { machineMicroseconds } from './job.ts';

/** Bytes of one answer as they came, headers and chunk framing included. */
export interface Answer {
  bytes: Buffer;
  /** When the bytes up to `end` were there. */
  arrivals: { end: number; microseconds: number }[];
  milliseconds: number;
}

/** A chunked body ends so, and no event of a stream does. */
const bodyEnd = Buffer.from('\r\n0\r\n\r\n');
const newline = 10;

/** One kept-alive connection with one request at a time: as little work per stream as the load can do with. */
export class Connection {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  #arrivals: Answer['arrivals'] = [];
  #startedAt = 0;
  #waiting: PromiseWithResolvers<Answer> | undefined;
  #first: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  static async open(url: URL): Promise<Connection> {
    return await new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a request and resolves with the whole answer. @throws for what is no event stream. */
  async request(text: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers();
    this.#startedAt = performance.now();
    this.#socket.write(text, 'latin1');
    return await this.#waiting.promise;
  }

  /** Sends a request whose answer does not end; resolves when its first event is there. */
  async hold(text: string): Promise<void> {
    this.#first = Promise.withResolvers();
    this.#socket.write(text, 'latin1');
    await this.#first.promise;
  }

  /** What came since the last request. */
  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  close(): void {
    this.#waiting = undefined;
    this.#first = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#length === 0 && !chunk.toString('latin1', 0, 2048).includes('text/event-stream')) {
      this.#fail(new Error(`No event stream: ${chunk.toString('latin1', 0, 2048)}`));
      return;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#first && chunk.includes('\n\n')) this.#first.resolve();
    if (!this.#waiting) return;
    this.#arrivals.push({ end: this.#length, microseconds: machineMicroseconds() });
    if (chunk.at(-1) === newline && this.#isOver(chunk)) this.#finish();
  }

  #isOver(chunk: Buffer): boolean {
    const tail = chunk.length >= bodyEnd.length ? chunk : Buffer.concat(this.#chunks.slice(-bodyEnd.length));
    return tail.subarray(-bodyEnd.length).equals(bodyEnd);
  }

  #finish(): void {
    const [only] = this.#chunks;
    const bytes = only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#length);
    const answer = { bytes, arrivals: this.#arrivals, milliseconds: performance.now() - this.#startedAt };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#chunks = [];
    this.#length = 0;
    this.#arrivals = [];
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#first?.reject(error);
    this.#waiting = undefined;
  }
}

/** How often the needle stands in the bytes. */
export function count(bytes: Buffer, needle: Buffer | number): number {
  const step = typeof needle === 'number' ? 1 : needle.length;
  let found = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + step)) found += 1;
  return found;
}
