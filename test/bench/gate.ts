import { readFile, writeFile } from 'node:fs/promises';
import { eventsJob, startFramesServer, startGateway } from './contestants.ts';
import { captureFrames } from './events.ts';
import { alternate, ratioOf, type Contestant } from './measure.ts';
import type { Child } from './processes.ts';
import type { Script } from './script.ts';

const file = new URL('recorded.json', import.meta.url);
/** How far over the recorded ratio a run may be. */
const tolerance = 1.3;
const repeats = 7;
const script: Script = { pace: 'burst', size: 20 };
const names = { gateway: 'gateway', express: 'Express' } as const;

interface Recorded {
  /** Processor time per stream of the gateway over that of bare Express. */
  cpuRatio: number;
}

/**
 * The short form for CI: the gateway's processor time per stream over that of bare Express, which says the same
 * on a slow machine as on a fast one. Returns whether it is at most 30 % over the recorded one.
 */
export async function passesGate(load: Child, { record }: { record: boolean }): Promise<boolean> {
  const ratio = await measureRatio(load);
  if (record) await writeFile(file, `{ "cpuRatio": ${ratio.toFixed(2)} }\n`);
  const { cpuRatio } = JSON.parse(await readFile(file, 'utf8')) as Recorded;
  const passes = ratio <= cpuRatio * tolerance;
  process.stdout.write(
    `CPU time per stream, gateway over Express: ${ratio.toFixed(2)}; recorded ${cpuRatio.toFixed(2)}, ` +
      `allowed ${(cpuRatio * tolerance).toFixed(2)}: ${passes ? 'passes' : 'FAILS'}\n`,
  );
  return passes;
}

async function measureRatio(load: Child): Promise<number> {
  const gateway = await startGateway();
  const express = await startFramesServer('express', await captureFrames(load, gateway));
  const job = async (server: Child) => await eventsJob(server, { dialect: 'v1', script, seconds: 1 });
  const contestants: Contestant[] = [
    { name: names.gateway, server: gateway, job: await job(gateway) },
    { name: names.express, server: express, job: await job(express) },
  ];
  const samples = await alternate(load, contestants, { repeats, warmUp: 2 });
  await Promise.all([gateway.stop(), express.stop()]);
  return ratioOf(samples, [names.gateway, names.express], ({ cpuPerStream }) => cpuPerStream).median;
}
