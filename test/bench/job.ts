import type { Script } from './script.ts';

export type Dialect = 'v1' | 'v03' | 'openai';

/** One measurement: streams over kept-alive connections, one after the other on each. */
export interface LoadJob {
  url: string;
  headers: Readonly<Record<string, string>>;
  dialect: Dialect;
  script: Script;
  connections: number;
  /** No stream begins after this time; those that run are waited for. */
  seconds: number;
  /** Exact number of frames of every stream; absent where text may be merged. */
  frames?: number;
  /** Exact number of tokens of every stream. */
  tokens?: number;
  /** The whole text of the answer, compared on a sample. */
  text?: string;
  /** The agent is one of another gateway. */
  fronted?: boolean;
  /** The tokens carry the time at which they were sent (microseconds of the machine's monotonic clock). */
  timed?: boolean;
}

export interface LoadResult {
  streams: number;
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Milliseconds from the sending of a token to its arrival; of timed jobs. */
  tokenP50?: number;
  tokenP99?: number;
  /** How many streams were not as they must be, and why the first ones. */
  wrong: number;
  reasons: string[];
}

/** Streams that are opened and left open. */
export interface HoldJob {
  job: LoadJob;
  streams: number;
  /** All of them subscribe to one run, in place of starting one each. */
  subscribed?: boolean;
}

/** Microseconds of the clock that all processes of the machine share. */
export function machineMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
