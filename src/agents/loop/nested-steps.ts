import type { ExecutorEvent } from '../../runs/executor.ts';
import type { ToolStep } from '../../tools/tool.ts';
import type { LoopState } from './state.ts';
import type { StartedStep } from './steps.ts';

/** A tool that tells more than this is not heard any further. */
const mostSteps = 500;
const longestName = 200;
/** As a tool's own name in an agent file. */
const longestTool = 64;
const longestSummary = 500;

/** What happens inside the tools of one round, in the order in which it is told. */
export class ReportedSteps {
  #events: ExecutorEvent[] = [];
  #told = Promise.withResolvers<undefined>();

  /** Resolves when there is something to take. */
  get told(): Promise<undefined> {
    return this.#told.promise;
  }

  push(event: ExecutorEvent): void {
    this.#events.push(event);
    this.#told.resolve(undefined);
  }

  /** Everything that was told since. */
  take(): ExecutorEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#told = Promise.withResolvers();
    this.#events = [];
    return events;
  }
}

/** The steps inside one call of a tool: each has one start and exactly one end, whatever the tool tells. */
export class NestedSteps {
  readonly #state: LoopState;
  readonly #parent: { step: StartedStep; iteration: number };
  readonly #reported: ReportedSteps;
  /** By the tool's own ids. */
  readonly #steps = new Map<string, { step: StartedStep; open: boolean }>();
  #closed = false;

  constructor(state: LoopState, parent: { step: StartedStep; iteration: number }, reported: ReportedSteps) {
    this.#state = state;
    this.#parent = parent;
    this.#reported = reported;
  }

  /** Takes what the tool tells; a second start, an end without a start and what comes too late are dropped. */
  readonly report = (told: ToolStep): void => {
    if (this.#closed) return;
    const known = this.#steps.get(told.id);
    if (told.status === 'in_progress') {
      if (!known && this.#steps.size < mostSteps) this.#start(told);
    } else if (known?.open) {
      known.open = false;
      const summary = told.summary && this.#state.mask.text(told.summary).slice(0, longestSummary);
      this.#reported.push(known.step[told.status](summary || undefined));
    }
  };

  /** The tool has ended: so have its steps, those that it left open as failed. */
  close(): void {
    this.#closed = true;
    const open = [...this.#steps.values()].filter((one) => one.open).toReversed();
    for (const { step } of open) this.#reported.push(step.failed());
  }

  #start({ id, parentId, type = 'tool_execution', name, tool }: ToolStep): void {
    const { mask, steps } = this.#state;
    const above = (parentId !== undefined && this.#steps.get(parentId)?.step) || this.#parent.step;
    const step = steps.start(type, mask.text(name).slice(0, longestName), {
      parentId: above.id,
      iteration: this.#parent.iteration,
      ...(tool !== undefined && { tool: mask.text(tool).slice(0, longestTool) }),
    });
    this.#steps.set(id, { step, open: true });
    this.#reported.push(step.started);
  }
}
