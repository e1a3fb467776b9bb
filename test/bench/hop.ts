import { callJob, startGateway } from './contestants.ts';
import type { GroupOptions, GroupResult, Row } from './group.ts';
import { alternate, spread, spreadOf, type Contestant, type Samples } from './measure.ts';
import { Child } from './processes.ts';
import type { Script } from './script.ts';

const concurrencies = [1, 10, 50] as const;
const names = ['gateway', 'gateway before it'] as const;

/** What it costs to reach an agent through a gateway that fronts it (`kind: a2a`). */
export async function measureHop({ load, short, profile }: GroupOptions): Promise<GroupResult> {
  const model = await Child.start('model-server.ts', { place: 'load' });
  const address = await model.ask<string>('url');
  const back = await startGateway({ model: address });
  const card = `${await back.ask<string>('url')}/.well-known/agent-card.json`;
  const front = await startGateway({ model: address, remote: card, profile });
  const script: Script = { pace: 'burst', size: 100 };
  const contestants: Contestant[] = [];
  for (const connections of concurrencies) {
    const options = { script, connections, seconds: short ? 0.25 : 1.5 };
    for (const [index, server] of [back, front].entries()) {
      const job = { ...(await callJob(server, options)), fronted: server === front };
      contestants.push({ name: `${names[index]} ${connections}`, server, job });
    }
  }
  const samples = await alternate(load, contestants, { repeats: 3, warmUp: short ? 0.5 : 2 });
  await Promise.all([front.stop(), back.stop(), model.stop()]);
  return {
    tables: [
      { title: 'An agent of another gateway, a model of 100 tokens at once', columns, rows: rowsOf(samples) },
    ],
    figures: { hopAddedAt1: added(samples, 1).median },
  };
}

const column = (connections: number): string => `added p50 at ${connections}, ms`;
const columns = ['streams/s at 50', 'CPU µs/stream', ...concurrencies.map(column)];

function rowsOf(samples: Samples): Row[] {
  return names.map((name, index) => ({
    name,
    cells: {
      'streams/s at 50': spreadOf(samples, `${name} 50`, ({ streamsPerSecond }) => streamsPerSecond),
      'CPU µs/stream': spreadOf(samples, `${name} 50`, ({ cpuPerStream }) => cpuPerStream),
      ...(index > 0 &&
        Object.fromEntries(
          concurrencies.map((connections) => [column(connections), added(samples, connections)]),
        )),
    },
  }));
}

/** The median's milliseconds through both over those of the agent's own gateway, round by round. */
function added(samples: Samples, connections: number) {
  const alone = samples.get(`${names[0]} ${connections}`) ?? [];
  const fronted = samples.get(`${names[1]} ${connections}`) ?? [];
  return spread(fronted.map((sample, round) => sample.p50 - (alone[round]?.p50 ?? Number.NaN)));
}
