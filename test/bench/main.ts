import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measureEvents } from './events.ts';
import { passesGate } from './gate.ts';
import { judge } from './goals.ts';
import type { Group, GroupOptions, GroupResult } from './group.ts';
import { measureHop } from './hop.ts';
import { measureIdle } from './idle.ts';
import { WrongStreams } from './measure.ts';
import { plotOf } from './plot.ts';
import { Child } from './processes.ts';
import { measureQueries } from './queries.ts';
import { goalsText, machineName, tableText, type Report } from './report.ts';
import { measureWholeCall } from './whole-call.ts';

const groups: Readonly<Record<string, Group>> = {
  events: measureEvents,
  call: measureWholeCall,
  hop: measureHop,
  queries: measureQueries,
  idle: measureIdle,
};

const usage = `npm run bench [-- options]
  --short           a run of less than a minute
  --only <name>     one group: ${Object.keys(groups).join(', ')}
  --profile <dir>   processor profiles of the gateway go there
  --gate            for CI: fails when the gateway's CPU time per stream is 30 % over the recorded one
  --record          with --gate: records this one
`;

/** Measures the gateway beside its baselines. Ends with an error only when a stream was wrong, or the gate failed. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      profile: { type: 'string' },
      gate: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chosen =
    values.only === undefined
      ? Object.entries(groups)
      : Object.entries(groups).filter(([name]) => name === values.only);
  if (values.help || chosen.length === 0) return void process.stdout.write(usage);
  const load = await Child.start('load.ts', { place: 'load' });
  try {
    if (values.gate) {
      if (!(await passesGate(load, { record: values.record }))) process.exitCode = 1;
      return;
    }
    const { short, profile } = values;
    const report = await runGroups(chosen, { load, short, profile });
    process.stdout.write(
      `${goalsText(report.goals)}\n${report.machine}, Node ${report.node}, ${report.seconds} s\n`,
    );
    // Only a whole run replaces the latest results.
    if (!short && values.only === undefined && profile === undefined) await writeResults(report);
  } finally {
    await load.stop();
  }
}

async function runGroups(chosen: readonly [string, Group][], options: GroupOptions): Promise<Report> {
  const startedAt = performance.now();
  const machine = machineName();
  const results: GroupResult[] = [];
  for (const [, group] of chosen) {
    const result = await group(options);
    results.push(result);
    for (const table of result.tables) process.stdout.write(`${tableText(table)}\n`);
  }
  const figures = Object.assign({}, ...results.map((result) => result.figures)) as Record<string, number>;
  return {
    date: new Date().toISOString(),
    machine,
    node: process.versions.node,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    tables: results.flatMap((result) => result.tables),
    goals: judge(figures),
  };
}

async function writeResults(report: Report): Promise<void> {
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('latest.json', folder), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(new URL('latest.svg', folder), plotOf(report));
}

try {
  await main();
  // A group that failed leaves servers behind; they end with the channel to this process.
} catch (error) {
  const isWrong = error instanceof WrongStreams;
  process.stderr.write(`${isWrong ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
