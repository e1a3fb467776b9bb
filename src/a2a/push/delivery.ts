import { setImmediate } from 'node:timers/promises';
import type { Log } from '../../telemetry/log.ts';
import type { Delivery, PushOutbox, StoredPushConfig } from './outbox.ts';
import { nextDelayMs } from './schedule.ts';
import type { PushSender, SendOutcome } from './sender.ts';

/** Time, for tests to hold in their hands. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back after so many milliseconds. Returns how to prevent it. */
  after(ms: number, call: () => void): () => void;
}

export interface PushDeliveryOptions {
  outbox: PushOutbox;
  sender: Pick<PushSender, 'send'>;
  logger: Log;
  clock: Clock;
  /** Before each try, in milliseconds. */
  delaysMs: readonly number[];
  random: () => number;
  /** So many queues are under way at once. */
  concurrency: number;
  /** So many of them to one receiver (origin): a slow one must not hold up the others. */
  concurrencyPerReceiver: number;
}

interface UnderWay {
  receiver: string;
  ended: Promise<void>;
}

/** So many times the concurrency are looked at for some that may begin, where receivers have all that they may. */
const lookahead = 8;

const storeRetryMs = 1000;

/**
 * Delivers what the outbox holds: the heads of its queues as they fall due, each queue one after the other. At least
 * once: what was under way when the process ended is due still.
 */
export class PushDelivery {
  readonly #options: PushDeliveryOptions;
  /** By queue. */
  readonly #underWay = new Map<string, UnderWay>();
  readonly #abandon = new AbortController();
  #stopped = true;
  #unsubscribe: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  #looking = false;
  #lookAgain = false;

  constructor(options: PushDeliveryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.#options.outbox.onWrite(() => this.#look());
    this.#look();
  }

  /** Begins nothing more, and gives what is under way so many milliseconds to end. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#cancelTimer?.();
    const cancel = this.#options.clock.after(graceMs, () => this.#abandon.abort());
    await Promise.all([...this.#underWay.values()].map(({ ended }) => ended));
    cancel();
  }

  #look(): void {
    this.#lookAgain = true;
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    void this.#lookUntilDone();
  }

  async #lookUntilDone(): Promise<void> {
    while (this.#lookAgain && !this.#stopped) {
      // What is written in one turn of the event loop is looked for once.
      await setImmediate();
      if (this.#stopped) break;
      this.#lookAgain = false;
      try {
        await this.#beginDue();
      } catch (error) {
        this.#options.logger.warn('Push notifications wait for the store.', { error });
        this.#wakeAfter(storeRetryMs);
      }
    }
    this.#looking = false;
  }

  async #beginDue(): Promise<void> {
    const { outbox, clock, concurrency } = this.#options;
    const now = clock.now();
    for (const head of await outbox.due(now, lookahead * concurrency)) {
      if (this.#stopped || this.#underWay.size >= concurrency) break;
      if (this.#mayBegin(head)) this.#begin(head);
    }
    const dueAt = await outbox.nextDueAt(now);
    if (dueAt !== undefined) this.#wakeAfter(Math.max(0, dueAt - clock.now()));
  }

  /** Those that are under way are due as well. */
  #mayBegin({ queue, config }: Delivery): boolean {
    if (this.#underWay.has(queue)) return false;
    const receiver = receiverOf(config);
    const same = [...this.#underWay.values()].filter((one) => one.receiver === receiver);
    return same.length < this.#options.concurrencyPerReceiver;
  }

  #begin(delivery: Delivery): void {
    const ended = this.#try(delivery).then(() => {
      this.#underWay.delete(delivery.queue);
      this.#look();
    });
    this.#underWay.set(delivery.queue, { receiver: receiverOf(delivery.config), ended });
  }

  async #try(delivery: Delivery): Promise<void> {
    const outcome = await this.#options.sender.send(delivery, this.#abandon.signal);
    // It is due again at the next start, as if it had not been tried.
    if (outcome.kind === 'failed' && this.#abandon.signal.aborted) return;
    // Before it is stored nothing else of the queue may be sent, and it not again and again.
    for (let stored = false; !stored && !this.#abandon.signal.aborted;) {
      try {
        await this.#record(delivery, outcome);
        stored = true;
      } catch (error) {
        this.#options.logger.warn('What came of a push notification waits for the store.', { error });
        await this.#pause(storeRetryMs);
      }
    }
  }

  /** Ends early when what is under way is abandoned. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#abandon;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(ms, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    cancel();
  }

  async #record(delivery: Delivery, outcome: SendOutcome): Promise<void> {
    const { outbox, clock, logger } = this.#options;
    if (outcome.kind === 'delivered') return await outbox.delivered(delivery.id, clock.now());
    if (outcome.kind === 'gone') {
      logger.info('A receiver of push notifications is gone: its config is removed.', namesOf(delivery));
      return await outbox.remove(delivery.runId, delivery.config.id);
    }
    const { error, retryAfterMs } = outcome;
    const tries = delivery.tries + 1;
    const delay = nextDelayMs(tries, retryAfterMs, this.#options);
    if (delay !== undefined) {
      return await outbox.postpone(delivery.id, { dueAt: clock.now() + delay, tries, error });
    }
    logger.warn('A push notification is given up.', { ...namesOf(delivery), tries, reason: error });
    await outbox.bury(delivery.id, { at: clock.now(), tries, error });
  }

  #wakeAfter(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#stopped ? undefined : this.#options.clock.after(ms, () => this.#look());
  }
}

function receiverOf({ target }: StoredPushConfig): string {
  return new URL(target).origin;
}

/** For log lines. */
function namesOf({ runId, config }: Delivery): Record<string, string> {
  return { taskId: runId, configId: config.id, target: config.target };
}
