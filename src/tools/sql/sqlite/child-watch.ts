import { createReadStream } from 'node:fs';

/**
 * Beside a child process's own thread, which a statement may block: ends the process when the gateway that started
 * it is gone, and when it takes too much memory (SQLite itself has no such limit as node:sqlite builds it).
 */

const everyMs = 200;
const maxBytes = 768 * 1024 * 1024;

const end = (): void => void process.kill(process.pid, 'SIGKILL');

// The gateway holds the other end of the standard input, however early it ends itself.
createReadStream('', { fd: 0 }).on('close', end).on('error', end).resume();

setInterval(() => {
  if (process.memoryUsage.rss() > maxBytes) end();
}, everyMs);
