import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

/** What a process of the benchmark has used so far. */
export interface Usage {
  /** Microseconds of processor time, of all threads. */
  cpu: number;
  /** Bytes. */
  rss: number;
}

type Handler = (argument: never) => unknown;

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

/** The child's side of the talk with the benchmark: answers its questions, and exits when it has gone. */
export function answerQuestions(handlers: Readonly<Record<string, Handler>>): void {
  const all: Readonly<Record<string, Handler>> = {
    ...handlers,
    usage,
    collectGarbage,
    exit: () => process.exit(0),
  };
  process.on('message', (question: Question) => {
    void answer(all, question);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

async function answer(
  handlers: Readonly<Record<string, Handler>>,
  { id, name, argument }: Question,
): Promise<void> {
  try {
    const result: unknown = await handlers[name]?.(argument as never);
    process.send?.({ id, result });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, rss: process.memoryUsage.rss() };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
}

/** Listens on a free port of the loopback interface and returns the address. */
export async function listenLocally(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
