import type { ChildProcess } from 'node:child_process';
import { ToolError } from '../../tool.ts';
import type { JobLimits } from './child-pool.ts';
import type { Job, JobAnswer } from './job.ts';

/**
 * Gives a child process its job. Where it throws, the process is in an unknown state or gone.
 * @throws ToolError when it takes too long or the process ends; the signal's reason when it aborts.
 */
export async function askChild(
  child: ChildProcess,
  job: Job,
  { timeoutMs, signal }: JobLimits,
): Promise<JobAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<JobAnswer>();
  const answered = (message: unknown): void => resolve(message as JobAnswer);
  const ended = (): void =>
    reject(new ToolError('The database process ended before the statement: does that take too much memory?'));
  const aborted = (): void => reject(signal.reason as Error);
  const timer = setTimeout(
    () => reject(new ToolError(`The statement was stopped: it ran longer than ${timeoutMs / 1000} s.`)),
    timeoutMs,
  );
  child.on('message', answered).on('exit', ended).on('error', ended);
  signal.addEventListener('abort', aborted, { once: true });
  try {
    signal.throwIfAborted();
    child.ref();
    child.channel?.ref();
    child.send(job, (error) => error && ended());
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    child.off('message', answered).off('exit', ended).off('error', ended);
  }
}
