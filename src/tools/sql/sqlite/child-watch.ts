/**
 * Beside a child process's own thread, which a statement may block: ends the process when the gateway that started
 * it is gone, and when it takes too much memory (SQLite itself has no such limit as node:sqlite builds it).
 */

/** Told by the gateway: it may be gone before this thread begins. */
const gateway = Number(process.argv[2]);
const everyMs = 200;
const maxBytes = 768 * 1024 * 1024;

setInterval(() => {
  if (process.ppid !== gateway || process.memoryUsage.rss() > maxBytes) process.kill(process.pid, 'SIGKILL');
}, everyMs);
