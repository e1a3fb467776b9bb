import { eventsJob, startGateway } from './contestants.ts';
import type { GroupOptions, GroupResult } from './group.ts';
import { alternate, spread, spreadOf } from './measure.ts';

const name = 'gateway, a query in each run';

/** Whether runs that query a database hold up the others: SQLite blocks its thread, so it must not be this one. */
export async function measureQueries({ load, short, profile }: GroupOptions): Promise<GroupResult> {
  const server = await startGateway({ profile });
  const script = { pace: 'queries', size: 10 } as const;
  const seconds = short ? 1 : 3;
  const job = await eventsJob(server, { dialect: 'v1', script, connections: 50, seconds });
  const contestants = [{ name, server, job }];
  await alternate(load, contestants, { repeats: 0, warmUp: seconds });
  await server.ask('watchLoop');
  const samples = await alternate(load, contestants, { repeats: 3, warmUp: 0 });
  const delay = await server.ask<{ p50: number; p99: number }>('loopDelay');
  await server.stop();
  const cells = {
    'runs/s': spreadOf(samples, name, ({ streamsPerSecond }) => streamsPerSecond),
    'p50 ms': spreadOf(samples, name, ({ p50 }) => p50),
    'p99 ms': spreadOf(samples, name, ({ p99 }) => p99),
    'event-loop delay p50 ms': delay.p50,
    'event-loop delay p99 ms': spread([delay.p99]),
  };
  return {
    tables: [
      {
        title: '50 concurrent runs that each query a SQLite table of 10,000 rows',
        columns: Object.keys(cells),
        rows: [{ name, cells }],
      },
    ],
    figures: { queryLoopDelayP99: delay.p99 },
  };
}
