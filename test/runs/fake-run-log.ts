import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent } from '../../src/runs/event.ts';
import { FencedError, type AppendBatch, type RunLog } from '../../src/runs/log.ts';

type Refused = () => Promise<never>;

const refused: Refused = async () => {
  throw new Error('The fake log only appends.');
};

/** A run log that only takes appends, remembers them and fails as the test says. */
export class FakeRunLog implements RunLog {
  readonly batches: AppendBatch[] = [];
  /** Appends that were begun, failed ones included. */
  tries = 0;
  /** Batches that were taken, stored or not. */
  taken = 0;
  inFlight = 0;
  mostInFlight = 0;
  /** Called before each append is stored: may wait, or throw in its place. */
  before: (batch: AppendBatch) => Promise<void> = async () => undefined;
  readonly create: Refused = refused;
  readonly load: Refused = refused;
  readonly covers: Refused = refused;
  readonly list: Refused = refused;
  readonly history: Refused = refused;
  readonly takeOver: Refused = refused;
  readonly abandoned: Refused = refused;
  readonly sweep: Refused = refused;
  readonly ping: Refused = refused;
  readonly close: Refused = refused;

  get events(): StoredEvent[] {
    return this.batches.flatMap(({ events }) => events);
  }

  async append(_runId: string, take: () => AppendBatch): Promise<void> {
    this.tries += 1;
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await nextTurn();
    const batch = take();
    this.taken += 1;
    // What the log gets is stored now: what the writer changes later must not reach it.
    const copy = structuredClone(batch);
    try {
      await this.before(batch);
      this.batches.push(copy);
    } finally {
      this.inFlight -= 1;
    }
  }

  follow(): never {
    throw new Error('The fake log only appends.');
  }
}

export function fenced(): Promise<never> {
  return Promise.reject(new FencedError('run-1'));
}
