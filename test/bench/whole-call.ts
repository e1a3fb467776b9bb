import { callJob, modelJob, startGateway, startSdkServer } from './contestants.ts';
import type { Figures, GroupOptions, GroupResult, Row, Table } from './group.ts';
import {
  alternate,
  measureOnce,
  ratioOf,
  spread,
  spreadOf,
  type Contestant,
  type Sample,
  type Samples,
} from './measure.ts';
import { Child } from './processes.ts';
import type { Script } from './script.ts';

const concurrencies = [1, 10, 50] as const;
const tokenCounts = [25, 100, 400, 1_000] as const;
const names = ['model alone', 'gateway', 'stock SDK + openai'] as const;
type Name = (typeof names)[number];

interface Servers {
  model: Child;
  gateway: Child;
  sdk: Child;
  client: Child;
}

/** The whole call over a model behind HTTP, beside the model alone and a stock SDK server on the same model. */
export async function measureWholeCall({ load, short, profile }: GroupOptions): Promise<GroupResult> {
  const servers = await startServers(profile);
  const timing = { short, repeats: 3 };
  await warmUp(load, servers, short);
  const crowds = await measureCrowds(load, servers, timing);
  const ceiling = await measureCeiling(servers.client, timing);
  const delays = await measureDelays(load, servers, timing);
  const lengths = await measureLengths(load, servers, timing);
  await Promise.all([
    servers.gateway.stop(),
    servers.model.stop(),
    servers.sdk.stop(),
    servers.client.stop(),
  ]);
  return {
    tables: [crowdTable(crowds, ceiling), delayTable(delays), lengthTable(lengths)],
    figures: { ...crowdFigures(crowds, ceiling.median), ...delayFigures(delays), ...lengthFigures(lengths) },
  };
}

interface Timing {
  short: boolean;
  repeats: number;
}

async function startServers(profile: string | undefined): Promise<Servers> {
  const model = await Child.start('model-server.ts', { place: 'load' });
  const address = await model.ask<string>('url');
  return {
    model,
    gateway: await startGateway({ model: address, profile }),
    sdk: await startSdkServer(address),
    client: await Child.start('client-ceiling.ts', { place: 'server', arguments: [address] }),
  };
}

interface CallOptions {
  script: Script;
  connections: number;
  seconds: number;
}

async function contestants(servers: Servers, label: string, options: CallOptions): Promise<Contestant[]> {
  const jobs = [
    await modelJob(servers.model, options),
    await callJob(servers.gateway, options),
    await callJob(servers.sdk, options),
  ];
  const children = [servers.model, servers.gateway, servers.sdk];
  return names.flatMap((name, index) => {
    const [job, server] = [jobs[index], children[index]];
    return job && server ? [{ name: `${name} ${label}`, server, job }] : [];
  });
}

async function warmUp(load: Child, servers: Servers, short: boolean): Promise<void> {
  const script: Script = { pace: 'burst', size: 100 };
  const all = await contestants(servers, '', { script, connections: 10, seconds: short ? 0.7 : 2 });
  for (const one of all) await measureOnce(load, one);
}

async function measureCrowds(load: Child, servers: Servers, { short, repeats }: Timing): Promise<Samples> {
  const script: Script = { pace: 'burst', size: 100 };
  const seconds = short ? 0.25 : 1.5;
  const all: Contestant[] = [];
  for (const connections of concurrencies) {
    all.push(...(await contestants(servers, `${connections}`, { script, connections, seconds })));
  }
  return await alternate(load, all, { repeats, warmUp: 0 });
}

async function measureCeiling(client: Child, { short, repeats }: Timing) {
  const rates: number[] = [];
  for (let round = 0; round <= repeats; round++) {
    const options = { tokens: 100, connections: 50, seconds: short ? 0.5 : 1.5 };
    const { streams, seconds } = await client.ask<{ streams: number; seconds: number }>('measure', options);
    if (round > 0) rates.push(streams / seconds);
  }
  return spread(rates);
}

async function measureDelays(load: Child, servers: Servers, { short, repeats }: Timing): Promise<Samples> {
  const script: Script = { pace: 'paced', size: short ? 50 : 100 };
  const options = { script, connections: 10, seconds: short ? 0 : 2 };
  return await alternate(load, await contestants(servers, '', options), { repeats, warmUp: 0 });
}

async function measureLengths(load: Child, servers: Servers, { short, repeats }: Timing): Promise<Samples> {
  const all: Contestant[] = [];
  for (const size of tokenCounts) {
    // A second for each call of the stock server: no time for that in a short run.
    const measured = short && size === 1_000 ? names.slice(0, 2) : names;
    const options = { script: { pace: 'burst', size } as const, connections: 1, seconds: short ? 0.12 : 0.8 };
    const some = await contestants(servers, `${size}`, options);
    all.push(...some.slice(0, measured.length));
  }
  return await alternate(load, all, { repeats, warmUp: 0 });
}

const rate = (sample: Sample): number => sample.streamsPerSecond;
const middle = (sample: Sample): number => sample.p50;

/** The median's milliseconds over those of the model alone, round by round. */
function added(samples: Samples, name: Name, connections: number) {
  const alone = samples.get(`model alone ${connections}`) ?? [];
  const ours = samples.get(`${name} ${connections}`) ?? [];
  return spread(ours.map((sample, round) => sample.p50 - (alone[round]?.p50 ?? Number.NaN)));
}

function crowdTable(samples: Samples, ceiling: Row['cells'][string]): Table {
  const column = (connections: number): string => `added p50 at ${connections}, ms`;
  const columns = ['streams/s at 50', 'CPU µs/stream', ...concurrencies.map(column)];
  const rows = names.map((name): Row => ({
    name,
    cells: {
      'streams/s at 50': spreadOf(samples, `${name} 50`, rate),
      'CPU µs/stream': spreadOf(samples, `${name} 50`, ({ cpuPerStream }) => cpuPerStream),
      ...(name !== 'model alone' &&
        Object.fromEntries(
          concurrencies.map((connections) => [column(connections), added(samples, name, connections)]),
        )),
    },
  }));
  rows.push({ name: 'openai client, no server', cells: { 'streams/s at 50': ceiling } });
  return { title: 'Whole call, a model of 100 tokens at once', columns, rows };
}

function delayTable(samples: Samples): Table {
  const columns = ['token p50 ms', 'token p99 ms'];
  const rows = names.map((name): Row => ({
    name,
    cells: {
      'token p50 ms': spreadOf(samples, `${name} `, ({ tokenP50 }) => tokenP50 ?? Number.NaN),
      'token p99 ms': spreadOf(samples, `${name} `, ({ tokenP99 }) => tokenP99 ?? Number.NaN),
    },
  }));
  return { title: 'Delay of a token, one every 5 ms, 10 connections', columns, rows };
}

function lengthTable(samples: Samples): Table {
  const column = (size: number): string => `${size} tokens, ms`;
  const rows = names.map((name): Row => ({
    name,
    cells: Object.fromEntries(
      tokenCounts.map((size) => [column(size), spreadOf(samples, `${name} ${size}`, middle)]),
    ),
  }));
  return { title: 'Time of one call by the length of the answer', columns: tokenCounts.map(column), rows };
}

function crowdFigures(samples: Samples, ceiling: number): Figures {
  const share = (connections: number): number =>
    added(samples, 'gateway', connections).median / added(samples, 'stock SDK + openai', connections).median;
  return {
    callOverStock: ratioOf(samples, ['gateway 50', 'stock SDK + openai 50'], rate).median,
    callOverClient: spreadOf(samples, 'gateway 50', rate).median / ceiling,
    addedAt1: added(samples, 'gateway', 1).median,
    addedShareAt1: share(1),
    addedShareAt10: share(10),
    addedShareAt50: share(50),
  };
}

function delayFigures(samples: Samples): Figures {
  const over = (figure: (sample: Sample) => number): number =>
    spreadOf(samples, 'gateway ', figure).median - spreadOf(samples, 'model alone ', figure).median;
  return {
    tokenDelayP50: over(({ tokenP50 }) => tokenP50 ?? Number.NaN),
    tokenDelayP99: over(({ tokenP99 }) => tokenP99 ?? Number.NaN),
  };
}

function lengthFigures(samples: Samples): Figures {
  return { callGrowth: ratioOf(samples, ['gateway 1000', 'gateway 100'], middle).median };
}
