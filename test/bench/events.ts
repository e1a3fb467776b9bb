import { eventsJob, startFramesServer, startGateway, startSdkServer } from './contestants.ts';
import type { Figures, GroupOptions, GroupResult, Row, Table } from './group.ts';
import { alternate, ratioOf, spreadOf, type Contestant, type Sample, type Samples } from './measure.ts';
import type { Child } from './processes.ts';
import type { Script } from './script.ts';

const twenty = {
  burst: { pace: 'burst', size: 20 },
  paced: { pace: 'paced', size: 20 },
  steps: { pace: 'steps', size: 20 },
} as const;
const sizes = [20, 200, 1_000] as const;

interface Servers {
  gateway: Child;
  sdk: Child;
  node: Child;
  express: Child;
}

/** Streams of scripted events, stored before they are seen, beside servers that send them ready-made and the stock SDK. */
export async function measureEvents({ load, short, profile }: GroupOptions): Promise<GroupResult> {
  const servers = await startServers(load, profile);
  const seconds = short ? 0.3 : 2;
  const streams = await alternate(load, await streamContestants(servers, seconds), {
    repeats: 3,
    warmUp: short ? 0.3 : 1.5,
  });
  const costs = await alternate(load, await costContestants(servers, short), {
    repeats: 3,
    warmUp: short ? 0 : 0.5,
  });
  await Promise.all([
    servers.gateway.stop(),
    servers.sdk.stop(),
    servers.node.stop(),
    servers.express.stop(),
  ]);
  return {
    tables: [streamTable(streams), costTable(costs)],
    figures: { ...streamFigures(streams), ...costFigures(costs) },
  };
}

async function startServers(load: Child, profile: string | undefined): Promise<Servers> {
  const gateway = await startGateway({ profile });
  const frames = await captureFrames(load, gateway);
  return {
    gateway,
    sdk: await startSdkServer(),
    node: await startFramesServer('node', frames),
    express: await startFramesServer('express', frames),
  };
}

/** The gateway's own frames, which the bare servers then send ready-made. */
export async function captureFrames(load: Child, gateway: Child): Promise<string[]> {
  const job = await eventsJob(gateway, { dialect: 'v1', script: twenty.burst, connections: 1, seconds: 0 });
  return await load.ask<string[]>('capture', job);
}

async function streamContestants(
  { gateway, sdk, node, express }: Servers,
  seconds: number,
): Promise<Contestant[]> {
  const contestant = async (
    name: string,
    server: Child,
    dialect: 'v1' | 'v03',
    script: Script,
  ): Promise<Contestant> => ({
    name,
    server,
    job: await eventsJob(server, { dialect, script, seconds }),
  });
  return [
    await contestant('node:http, ready-made', node, 'v1', twenty.burst),
    await contestant('Express 5, ready-made', express, 'v1', twenty.burst),
    await contestant('gateway v1.0', gateway, 'v1', twenty.burst),
    await contestant('gateway v0.3', gateway, 'v03', twenty.burst),
    await contestant('gateway v1.0, tool steps', gateway, 'v1', twenty.steps),
    await contestant('gateway v1.0, a turn each', gateway, 'v1', twenty.paced),
    await contestant('stock SDK v1.0', sdk, 'v1', twenty.burst),
    await contestant('stock SDK v0.3', sdk, 'v03', twenty.burst),
    await contestant('stock SDK v1.0, tool steps', sdk, 'v1', twenty.steps),
    await contestant('stock SDK v1.0, a turn each', sdk, 'v1', twenty.paced),
  ];
}

async function costContestants({ gateway, sdk }: Servers, short: boolean): Promise<Contestant[]> {
  const seconds = short ? 0.25 : 1;
  const contestants: Contestant[] = [];
  for (const size of sizes) {
    for (const pace of ['steps', 'paced'] as const) {
      const job = await eventsJob(gateway, { dialect: 'v1', script: { pace, size }, seconds });
      contestants.push({ name: `gateway ${pace} ${size}`, server: gateway, job });
    }
    // The stock server needs a second of its core for a long stream: no time for that in a short run.
    if (short) continue;
    const connections = size === 1_000 ? 1 : 10;
    const script: Script = { pace: 'steps', size };
    const job = await eventsJob(sdk, { dialect: 'v1', script, connections, seconds });
    contestants.push({ name: `stock SDK steps ${size}`, server: sdk, job });
  }
  return contestants;
}

const rate = (sample: Sample): number => sample.streamsPerSecond;
const processor = (sample: Sample): number => sample.cpuPerStream;

function streamTable(samples: Samples): Table {
  const columns = ['streams/s', 'p50 ms', 'p99 ms', 'CPU µs/stream', '× Express', '× stock SDK'];
  const rows = [...samples.keys()].map((name): Row => ({
    name,
    cells: {
      'streams/s': spreadOf(samples, name, rate),
      'p50 ms': spreadOf(samples, name, ({ p50 }) => p50),
      'p99 ms': spreadOf(samples, name, ({ p99 }) => p99),
      'CPU µs/stream': spreadOf(samples, name, processor),
      '× Express': ratioOf(samples, [name, 'Express 5, ready-made'], rate),
      '× stock SDK': ratioOf(samples, [name, name.replace('gateway', 'stock SDK')], rate),
    },
  }));
  return { title: 'Streams of 20 events, 50 connections', columns, rows: rows.map(withoutOwnRatio) };
}

/** Only the gateway has a stock counterpart. */
function withoutOwnRatio(row: Row): Row {
  if (row.name.startsWith('gateway')) return row;
  const { '× stock SDK': _own, ...cells } = row.cells;
  return { ...row, cells };
}

function costTable(samples: Samples): Table {
  const column = (size: number): string => `${size} events, µs/event`;
  const kinds = ['gateway steps', 'gateway paced', 'stock SDK steps'];
  const rows = kinds.map((name): Row => ({
    name,
    cells: Object.fromEntries(
      sizes.map((size) => [
        column(size),
        spreadOf(samples, `${name} ${size}`, (one) => one.cpuPerStream / size),
      ]),
    ),
  }));
  return { title: 'Processor time per event', columns: sizes.map(column), rows };
}

function streamFigures(samples: Samples): Figures {
  const ratio = (ours: string, theirs: string): number => ratioOf(samples, [ours, theirs], rate).median;
  return {
    v1OverExpress: ratio('gateway v1.0', 'Express 5, ready-made'),
    v03OverExpress: ratio('gateway v0.3', 'Express 5, ready-made'),
    v1OverStock: ratio('gateway v1.0', 'stock SDK v1.0'),
    v03OverStock: ratio('gateway v0.3', 'stock SDK v0.3'),
    stepsOverStock: ratio('gateway v1.0, tool steps', 'stock SDK v1.0, tool steps'),
    pacedOverStock: ratio('gateway v1.0, a turn each', 'stock SDK v1.0, a turn each'),
  };
}

function costFigures(samples: Samples): Figures {
  const growth = (kind: string): number =>
    ratioOf(samples, [`${kind} 1000`, `${kind} 20`], processor).median / (1_000 / 20);
  return { costGrowth: growth('gateway steps'), pacedCostGrowth: growth('gateway paced') };
}
