/**
 * Beside a child process's own thread, which a statement may block: ends the process when the gateway that started
 * it is gone, and when it takes too much memory (SQLite itself has no such limit as node:sqlite builds it).
 */

const gateway = process.ppid;
const everyMs = 200;
const maxBytes = 768 * 1024 * 1024;

setInterval(() => {
  if (process.ppid !== gateway || process.memoryUsage.rss() > maxBytes) process.kill(process.pid, 'SIGKILL');
}, everyMs);
