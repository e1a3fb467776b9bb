import { setTimeout as delay } from 'node:timers/promises';
import type { RunEvent, Step, StoredEvent } from './event.ts';
import { StoreUnavailableError, type AppendBatch, type RunLog } from './log.ts';
import { emptySnapshot, fold, type RunSnapshot } from './snapshot.ts';

/** A working run's snapshot is saved at most this often, in milliseconds; a change of state saves it at once. */
const snapshotIntervalMs = 500;
/** How long a store that is away is waited for. */
const storePatienceMs = 30_000;
const storeRetryMs = 250;
/** So many pieces of text may wait to be stored, each an event of its own; what comes faster joins the last one. */
const mostWaitingTexts = 32;
/** More unsaved events than this make the executor wait; merged text counts piece by piece. */
const mostUnsaved = 1_000;

/**
 * Writes one attempt's events to the log: numbers them, merges text that comes faster than it can be
 * stored, keeps one append in flight and saves the snapshot forward only.
 */
export class RunWriter {
  readonly #log: RunLog;
  readonly #runId: string;
  readonly #attempt: number;
  readonly #snapshot: RunSnapshot;
  #sequence: number;
  #pending: RunEvent[] = [];
  /** How many writes the pending events come from. */
  #unsaved = 0;
  /** Texts among the pending events. */
  #waitingTexts = 0;
  #patient = true;
  #flushing: Promise<void> | undefined;
  #savedState: RunSnapshot['state'];
  #savedAt = 0;
  #failure: unknown;

  constructor(log: RunLog, runId: string, snapshot: RunSnapshot, attempt: number) {
    this.#log = log;
    this.#runId = runId;
    this.#attempt = attempt;
    this.#snapshot = snapshot;
    this.#sequence = snapshot.attempt === attempt ? snapshot.sequence : 0;
    this.#savedState = snapshot.state;
    this.#savedAt = snapshot.stateAt;
  }

  /** Whether a write failed for good: the run was fenced off or the store stayed away. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Takes the event; it is stored soon. Returns a promise to wait for only when too much is unsaved. */
  write(event: RunEvent): Promise<void> | undefined {
    // Nothing may follow a gap.
    if (this.#failure !== undefined) return undefined;
    if (event.kind !== 'text' || !this.#merge(event)) this.#pending.push(event);
    this.#unsaved += 1;
    this.#flushing ??= this.#flush();
    return this.#unsaved > mostUnsaved ? this.#flushing : undefined;
  }

  /** Joins the text to the one that waits before it, if there is a flood of them; an end without text always. */
  #merge(event: RunEvent & { kind: 'text' }): boolean {
    const last = this.#pending.at(-1);
    const mayMerge =
      last?.kind === 'text' && !event.first && (this.#waitingTexts >= mostWaitingTexts || event.text === '');
    if (!mayMerge) this.#waitingTexts += 1;
    else
      this.#pending[this.#pending.length - 1] = { ...last, text: last.text + event.text, last: event.last };
    return mayMerge;
  }

  /** Resolves when everything written so far is stored. @throws what made the write fail for good. */
  async stored(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** From now on a store that is away is not waited for: the process ends. */
  stopRetrying(): void {
    this.#patient = false;
  }

  async #flush(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        let batch: AppendBatch | undefined;
        // Taken when the store is about to write it: what else is said until then shares the append.
        await this.#append(() => (batch ??= this.#takeBatch()));
      }
    } catch (error) {
      this.#failure = error;
      this.#pending = [];
    } finally {
      this.#flushing = undefined;
    }
  }

  #takeBatch(): AppendBatch {
    const events: StoredEvent[] = [];
    const add = (event: RunEvent): void => {
      const stored = { attempt: this.#attempt, sequence: ++this.#sequence, event };
      fold(this.#snapshot, stored);
      events.push(stored);
    };
    for (const event of this.#pending) {
      // A step has exactly one end, also when its run was stopped or its process lost in the middle of it.
      if (event.kind === 'finished') for (const end of this.#endsOfOpenSteps(event.at)) add(end);
      add(event);
      if (event.kind === 'restarted') for (const end of this.#endsOfOpenSteps(event.at)) add(end);
    }
    this.#pending = [];
    this.#waitingTexts = 0;
    this.#unsaved = 0;
    return { attempt: this.#attempt, events, ...this.#dueSnapshot() };
  }

  #endsOfOpenSteps(at: number): RunEvent[] {
    const ended = (step: Step): Step => ({
      ...step,
      status: 'failed',
      durationMs: at - Date.parse(step.startedAt),
    });
    return (this.#snapshot.openSteps ?? []).map((step) => ({ kind: 'step', at, step: ended(step) }));
  }

  #dueSnapshot(): { snapshot?: RunSnapshot } {
    const now = Date.now();
    if (this.#snapshot.state === this.#savedState && now - this.#savedAt < snapshotIntervalMs) return {};
    this.#savedState = this.#snapshot.state;
    this.#savedAt = now;
    // A copy: the original goes on folding before the store has written it.
    return { snapshot: { ...this.#snapshot } };
  }

  async #append(take: () => AppendBatch): Promise<void> {
    const deadline = Date.now() + storePatienceMs;
    for (;;) {
      try {
        await this.#log.append(this.#runId, take);
        return;
      } catch (error) {
        const mayPass = error instanceof StoreUnavailableError && this.#patient && Date.now() < deadline;
        if (!mayPass) throw error;
        await delay(storeRetryMs);
      }
    }
  }
}

/** The snapshot that `create` stored: the run is accepted, at 1-1. */
export function acceptedSnapshot(at: number): RunSnapshot {
  const snapshot = emptySnapshot(at);
  fold(snapshot, { attempt: 1, sequence: 1, event: { kind: 'accepted', at } });
  return snapshot;
}
