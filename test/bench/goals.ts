import type { Figures } from './group.ts';

/** A figure that the gateway is to reach; all are ratios within one run or times on this machine. */
export interface Goal {
  figure: string;
  key: string;
  /** The value must be at least, or at most, so much. */
  bound: 'at least' | 'at most';
  value: number;
  unit: string;
}

const atLeast = (key: string, figure: string, value: number, unit = ''): Goal => ({
  figure,
  key,
  bound: 'at least',
  value,
  unit,
});
const atMost = (key: string, figure: string, value: number, unit = ''): Goal => ({
  figure,
  key,
  bound: 'at most',
  value,
  unit,
});

export const goals: readonly Goal[] = [
  atLeast('v1OverExpress', 'v1.0 stream of 20 events over bare Express', 0.18),
  atLeast('v03OverExpress', 'v0.3 stream of 20 events over bare Express', 0.18),
  atLeast('v1OverStock', 'v1.0 stream over the stock SDK agent', 5),
  atLeast('v03OverStock', 'v0.3 stream over the stock SDK agent', 5),
  atMost('costGrowth', 'cost per event at 1,000 over that at 20', 1.2),
  atMost('pacedCostGrowth', 'the same with a turn for each', 1.2),
  atLeast('callOverStock', 'whole call, streams/s at 50, over the stock SDK server', 5),
  atLeast('callOverClient', 'the same over the ceiling of the openai client', 0.5),
  atMost('addedAt1', 'added p50 at concurrency 1', 2, 'ms'),
  atMost('addedShareAt1', 'added p50 at 1 over the stock SDK server', 0.2),
  atMost('addedShareAt10', 'added p50 at 10 over the stock SDK server', 0.2),
  atMost('addedShareAt50', 'added p50 at 50 over the stock SDK server', 0.2),
  atMost('tokenDelayP50', "token delay over the model's own, p50 at 10", 0.5, 'ms'),
  atMost('tokenDelayP99', "token delay over the model's own, p99 at 10", 5, 'ms'),
  atMost('callGrowth', 'call time at 1,000 tokens over that at 100', 10),
  atMost('hopAddedAt1', 'added p50 of another gateway before it, at concurrency 1', 5, 'ms'),
  atMost('queryLoopDelayP99', '50 runs that query a database, event-loop delay p99', 20, 'ms'),
  atMost('idleKilobytes', 'idle open stream, RSS', 30, 'kB'),
  atMost('idleRunKilobytes', 'the same with a run of its own that waits', 30, 'kB'),
  atMost('idleNewP99', 'new stream while they are open, p99', 50, 'ms'),
  atMost('startMs', 'start of the process to listening', 500, 'ms'),
];

export interface JudgedGoal extends Goal {
  measured: number;
  met: boolean;
}

/** The goals that this run has measured. */
export function judge(figures: Figures): JudgedGoal[] {
  return goals.flatMap((goal) => {
    const measured = figures[goal.key];
    if (measured === undefined) return [];
    return [
      { ...goal, measured, met: goal.bound === 'at least' ? measured >= goal.value : measured <= goal.value },
    ];
  });
}
