import type { Usage } from './child.ts';
import { median, type LoadJob, type LoadResult } from './job.ts';
import type { Child } from './processes.ts';

/** A server and the request that is put to it again and again. */
export interface Contestant {
  name: string;
  server: Child;
  job: LoadJob;
}

export interface Sample extends LoadResult {
  streamsPerSecond: number;
  /** Microseconds of the server's processor time per stream. */
  cpuPerStream: number;
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Streams that were not as they must be: then the figures count for nothing. */
export class WrongStreams extends Error {}

/** Measures one contestant once. @throws WrongStreams */
export async function measureOnce(load: Child, { name, server, job }: Contestant): Promise<Sample> {
  const before = await server.usage();
  const result = await load.ask<LoadResult>('measure', job);
  const after: Usage = await server.usage();
  if (result.wrong > 0) {
    throw new WrongStreams(
      `${name}: ${result.wrong} of ${result.streams} streams are wrong: ${result.reasons.join('; ')}`,
    );
  }
  return {
    ...result,
    streamsPerSecond: result.streams / result.seconds,
    cpuPerStream: (after.cpu - before.cpu) / result.streams,
  };
}

export interface AlternateOptions {
  repeats: number;
  /** Seconds that each contestant runs before anything counts; 0: it is warm. */
  warmUp: number;
}

/** Measures all contestants in turn, again and again, so that a slow minute of the machine hits all of them. */
export async function alternate(
  load: Child,
  contestants: readonly Contestant[],
  { repeats, warmUp }: AlternateOptions,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  if (warmUp > 0) {
    for (const one of contestants) await measureOnce(load, { ...one, job: { ...one.job, seconds: warmUp } });
  }
  for (let round = 0; round < repeats; round++) {
    for (const one of contestants) samples.get(one.name)?.push(await measureOnce(load, one));
  }
  return samples;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

type Figure = (sample: Sample) => number;

export function spreadOf(samples: Samples, name: string, figure: Figure): Spread {
  return spread((samples.get(name) ?? []).map(figure));
}

/** The figure of one contestant over that of another, round by round. */
export function ratioOf(samples: Samples, names: readonly [string, string], figure: Figure): Spread {
  const [ours = [], theirs = []] = names.map((name) => (samples.get(name) ?? []).map(figure));
  return spread(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}
