import { isoTime, type Step, type StepDetail, type StepType } from '../../runs/event.ts';
import type { ExecutorEvent } from '../../runs/executor.ts';

/** Makes the step events of one attempt: every step has one start and exactly one end. */
export class StepRecorder {
  readonly #attempt: number;
  #count = 0;

  /** @param attempt keeps the ids of a run apart from those of an attempt that was lost. */
  constructor(attempt: number) {
    this.#attempt = attempt;
  }

  start(
    type: StepType,
    name: string,
    place: { iteration: number; tool?: string; parentId?: string },
  ): StartedStep {
    this.#count += 1;
    const at = Date.now();
    const step: Step = {
      id: `step-${this.#attempt}-${this.#count}`,
      type,
      name,
      status: 'in_progress',
      ...place,
      startedAt: isoTime(at),
    };
    return new StartedStep(step, at);
  }
}

export class StartedStep {
  readonly #step: Step;
  readonly #at: number;
  readonly #startedAt = performance.now();

  constructor(step: Step, at: number) {
    this.#step = step;
    this.#at = at;
  }

  get id(): string {
    return this.#step.id;
  }

  get started(): ExecutorEvent {
    return { kind: 'step', at: this.#at, step: this.#step };
  }

  completed(summary?: string, detail?: StepDetail): ExecutorEvent {
    return this.#end('completed', summary, detail);
  }

  failed(summary?: string, detail?: StepDetail): ExecutorEvent {
    return this.#end('failed', summary, detail);
  }

  #end(status: Step['status'], summary?: string, detail?: StepDetail): ExecutorEvent {
    const durationMs = Math.round((performance.now() - this.#startedAt) * 1000) / 1000;
    const step = { ...this.#step, status, ...(summary !== undefined && { summary }), durationMs };
    return { kind: 'step', at: Date.now(), step, ...(detail && { detail }) };
  }
}
