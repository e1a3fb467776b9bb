import { eventsJob, startFramesServer, startGateway } from './contestants.ts';
import type { Figures, GroupOptions, GroupResult, Row, Table } from './group.ts';
import type { HoldJob } from './job.ts';
import { measureOnce, spread, type Spread } from './measure.ts';
import { captureFrames } from './events.ts';
import type { Child } from './processes.ts';
import { measureStarts } from './start-time.ts';

interface IdleFigures {
  /** Bytes. */
  perStream: number;
  /** Milliseconds of a new request while the streams are open. */
  p50: number;
  p99: number;
}

/** What an open stream costs that nothing happens on, and how soon the gateway is there. */
export async function measureIdle({ load, short }: GroupOptions): Promise<GroupResult> {
  const streams = short ? 2_000 : 10_000;
  const frames = await framesOf(load);
  const measured: { name: string; rounds: IdleFigures[] }[] = [
    { name: 'node:http', rounds: [] },
    { name: 'Express 5', rounds: [] },
    { name: 'gateway, all on one run', rounds: [] },
    { name: 'gateway, a run each', rounds: [] },
  ];
  const starts = [
    async () => await startFramesServer('node', frames, true),
    async () => await startFramesServer('express', frames, true),
    async () => await startGateway(),
    async () => await startGateway(),
  ];
  for (let round = 0; round < (short ? 1 : 3); round++) {
    for (const [index, one] of measured.entries()) {
      const server = await starts[index]?.();
      if (server)
        one.rounds.push(
          await measureServer(load, server, {
            streams,
            ours: one.name.startsWith('gateway'),
            subscribed: one.name.endsWith('one run'),
          }),
        );
    }
  }
  const start = spread(await measureStarts(7));
  return {
    tables: [idleTable(streams, measured), startTable(start)],
    figures: figuresOf(
      measured.slice(2).map(({ rounds }) => rounds),
      start,
    ),
  };
}

async function framesOf(load: Child): Promise<string[]> {
  const gateway = await startGateway();
  const frames = await captureFrames(load, gateway);
  await gateway.stop();
  return frames;
}

async function measureServer(
  load: Child,
  server: Child,
  { streams, ours, subscribed }: { streams: number; ours: boolean; subscribed: boolean },
): Promise<IdleFigures> {
  const options = { dialect: 'v1', connections: 1, seconds: 1 } as const;
  const job = await eventsJob(server, { ...options, script: { pace: 'hang', size: 0 } });
  // What the first requests make the process load and compile is not the streams' cost.
  await load.ask('hold', { job, streams: 200, subscribed } satisfies HoldJob);
  await load.ask('release');
  await server.ask('collectGarbage');
  const before = await server.usage();
  await load.ask('hold', { job, streams, subscribed } satisfies HoldJob);
  await server.ask('collectGarbage');
  const after = await server.usage();
  let latency = { p50: Number.NaN, p99: Number.NaN };
  if (ours) {
    const newRequests = await eventsJob(server, { ...options, script: { pace: 'paced', size: 20 } });
    latency = await measureOnce(load, { name: 'gateway with idle streams', server, job: newRequests });
  }
  await load.ask('release');
  await server.stop();
  return { perStream: (after.rss - before.rss) / streams, p50: latency.p50, p99: latency.p99 };
}

function idleTable(
  streams: number,
  measured: readonly { name: string; rounds: readonly IdleFigures[] }[],
): Table {
  const rows = measured.map(({ name, rounds }): Row => ({
    name,
    cells: {
      'RSS kB/stream': spread(rounds.map(({ perStream }) => perStream / 1000)),
      ...(name.startsWith('gateway') && {
        'new stream p50 ms': spread(rounds.map(({ p50 }) => p50)),
        'new stream p99 ms': spread(rounds.map(({ p99 }) => p99)),
      }),
    },
  }));
  const columns = ['RSS kB/stream', 'new stream p50 ms', 'new stream p99 ms'];
  return { title: `${streams} open streams on which nothing happens`, columns, rows };
}

function startTable(start: Spread): Table {
  return {
    title: 'Start of the process to listening',
    columns: ['ms'],
    rows: [{ name: 'gateway', cells: { ms: start } }],
  };
}

function figuresOf([streams = [], runs = []]: readonly (readonly IdleFigures[])[], start: Spread): Figures {
  const kilobytes = (rounds: readonly IdleFigures[]): number =>
    spread(rounds.map(({ perStream }) => perStream / 1000)).median;
  return {
    idleKilobytes: kilobytes(streams),
    idleRunKilobytes: kilobytes(runs),
    idleNewP99: spread(runs.map(({ p99 }) => p99)).median,
    startMs: start.median,
  };
}
