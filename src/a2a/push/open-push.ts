import type { RunLog } from '../../runs/log.ts';
import type { SecretBox } from '../../runs/secret-box.ts';
import type { Log } from '../../telemetry/log.ts';
import type { EgressGuard } from '../../tools/egress/egress-guard.ts';
import { PushDelivery, type Clock } from './delivery.ts';
import type { PushOutbox } from './outbox.ts';
import { PushOperations } from './push-operations.ts';
import { defaultDelaysMs } from './schedule.ts';
import { PushSender, type SignJwt } from './sender.ts';

const limits = { concurrency: 32, concurrencyPerReceiver: 8 };

export interface PushTimes {
  /** Before each try, in milliseconds; so many tries are made. */
  delaysMs: readonly number[];
  /** Milliseconds for one try. */
  timeoutMs: number;
}

const defaultTimes: PushTimes = { delaysMs: defaultDelaysMs, timeoutMs: 10_000 };

export interface PushOptions {
  outbox: PushOutbox;
  log: RunLog;
  guard: EgressGuard;
  secretBox: SecretBox;
  signJwt: SignJwt;
  /** The gateway's public URL. */
  issuer: () => string;
  logger: Log;
  times?: PushTimes | undefined;
}

/** Push notifications as a whole: the operations on their configs, and their delivery, which is yet to be started. */
export function openPush(options: PushOptions): { push: PushOperations; delivery: PushDelivery } {
  const { outbox, logger, times: { delaysMs, timeoutMs } = defaultTimes } = options;
  const sender = new PushSender({ ...options, timeoutMs });
  const random = Math.random;
  return {
    push: new PushOperations(options),
    delivery: new PushDelivery({ outbox, sender, logger, clock, delaysMs, random, ...limits }),
  };
}

const clock: Clock = {
  now: Date.now,
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
