import { Problem } from '../http/problem.ts';
import type { Log } from '../telemetry/log.ts';
import { Attempt } from './attempt.ts';
import { isTerminal, type Position } from './event.ts';
import type { Outcome } from './executor.ts';
import { FencedError, type LoadedRun, type RunLog } from './log.ts';
import type { JsonObject } from './message.ts';
import { contentHash, newRecord, recordedRequest } from './new-run.ts';
import { prepareExecution } from './preparation.ts';
import { readRun, type ReadOptions, type RunReading } from './reading.ts';
import type { RunRecord } from './record.ts';
import { Recovery } from './recovery.ts';
import type { SecretBox } from './secret-box.ts';
import { emptySnapshot, fold, type RunSnapshot } from './snapshot.ts';
import type { ExecutableAgent, StartRequest } from './start-request.ts';
import { notWaiting, refuseUnlessWaiting, usedMessageId, waitsStill } from './waiting.ts';
import { acceptedSnapshot, RunWriter } from './writer.ts';

export type { ExecutableAgent, StartRequest } from './start-request.ts';

export interface EngineOptions {
  log: RunLog;
  /** Finds an agent for a recorded run; the exact revision if it is known, else the newest one. */
  findAgent(agentId: string, revision: string): ExecutableAgent | undefined;
  secretBox: SecretBox;
  logger: Log;
  idempotencyWindowMs: number;
  /** Milliseconds since the epoch, for what waiting runs are answered; absent: the system's clock. */
  now?: () => number;
}

/** What an attempt is launched with. */
interface Launch {
  attempt: number;
  contextValues: JsonObject;
  writer: RunWriter;
}

/** Milliseconds in which whoever has taken a waiting task up has stored with which message. */
const takenUpWithin = 2_000;

/** Starts, continues, follows, cancels and recovers runs. The only writer of the run log. */
export class RunEngine {
  readonly #options: EngineOptions;
  readonly #live = new Map<string, Attempt>();
  /** Waiting runs that a message has just taken up, and that are not live yet. */
  readonly #goingOn = new Map<string, Promise<unknown>>();
  readonly #recovery: Recovery;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#recovery = new Recovery(options, {
      launch: (run, agent, again) => this.#relaunch(run, agent, again),
      finish: async (run, outcome) => await this.#finish(run, outcome),
    });
  }

  /** How many runs this process executes now. */
  get liveRuns(): number {
    return this.#live.size;
  }

  /**
   * Starts a run, or attaches to the one that the same request started before.
   * @throws Problem invalid_request when the messageId was used with other content.
   */
  async start(request: StartRequest): Promise<{ record: RunRecord; created: boolean }> {
    const record = newRecord(request, this.#options.secretBox);
    const { pushConfig } = request;
    const windowMs = this.#options.idempotencyWindowMs;
    const created = await this.#options.log.create(record, { windowMs, ...(pushConfig && { pushConfig }) });
    if (created.outcome === 'conflict') throw usedMessageId();
    if (created.outcome === 'existing') return { record: created.record, created: false };
    const run = { record, snapshot: acceptedSnapshot(record.createdAt) };
    this.#launch(run, request.agent, {
      attempt: 1,
      contextValues: { ...request.contextValues, ...request.secrets },
      writer: new RunWriter(this.#options.log, record.id, { ...run.snapshot }, 1),
    });
    return { record, created: true };
  }

  /**
   * Continues a task that waits for its caller with a further message, or attaches to what the same message
   * began before. Returns the run as it stands at the beginning of that.
   * @throws Problem unsupported_operation for a task that takes no message now; invalid_request when the
   * messageId was used with other content, or the message does not fit what the task waits for.
   */
  async continue(run: LoadedRun, request: StartRequest): Promise<LoadedRun> {
    const { record, snapshot } = run;
    const hash = contentHash(request, this.#options.secretBox);
    if (this.#isRepeated(run, request, hash)) return run;
    refuseUnlessWaiting(snapshot);
    request.agent.admit?.(run, request);
    // Not from a later attempt: then somebody has taken it up and not yet stored with which message.
    let attempt = await this.#options.log.takeOver(record.id, snapshot.restedAt?.attempt ?? snapshot.attempt);
    if (attempt === undefined) {
      const now = await this.#takenUp(run);
      if (this.#isRepeated(now, request, hash)) return now;
      // Whoever had taken it up is lost when nothing came of it.
      if (waitsStill(now.snapshot, snapshot))
        attempt = await this.#options.log.takeOver(record.id, now.snapshot.attempt);
    }
    if (attempt === undefined) throw notWaiting('already answered');
    const goingOn = this.#goOn(run, request, attempt);
    this.#goingOn.set(record.id, goingOn);
    return await goingOn.finally(() => this.#goingOn.delete(record.id));
  }

  /** Stores the message with which the run goes on, and executes it. */
  async #goOn({ record, snapshot }: LoadedRun, request: StartRequest, attempt: number): Promise<LoadedRun> {
    const { log, secretBox, now = Date.now } = this.#options;
    const writer = new RunWriter(log, record.id, { ...snapshot }, attempt);
    const recorded = recordedRequest(request, record, secretBox);
    const hash = contentHash(request, secretBox);
    void writer.write({ kind: 'continued', at: now(), request: recorded, contentHash: hash });
    await writer.stored().catch((error: unknown) => {
      throw error instanceof FencedError ? notWaiting('canceled or already answered') : error;
    });
    const continued = (await this.load(record.id)) ?? { record, snapshot };
    const contextValues = { ...request.contextValues, ...request.secrets };
    this.#launch(continued, request.agent, { attempt, contextValues, writer });
    return continued;
  }

  /** Stored events after `position`, then live ones, until the run is at rest; ends quietly when `signal` aborts. */
  read(runId: string, position: Position, options?: ReadOptions): RunReading {
    return readRun(this.#options.log, runId, position, options);
  }

  /** Waits until the run is at rest and returns its snapshot; undefined when `signal` aborts before. */
  async settled(record: RunRecord, signal: AbortSignal): Promise<RunSnapshot | undefined> {
    return await this.settledAfter({ record, snapshot: emptySnapshot(record.createdAt) }, signal);
  }

  /** The same for a run that is read from where it stands. */
  async settledAfter(run: LoadedRun, signal: AbortSignal): Promise<RunSnapshot | undefined> {
    const snapshot = { ...run.snapshot };
    for await (const events of this.read(run.record.id, run.snapshot, { signal })) {
      for (const event of events) fold(snapshot, event);
    }
    return snapshot.finished ? snapshot : undefined;
  }

  /** Waits until the agent has said its first word, which tells whether there is a task; ends when `signal` aborts. */
  async firstWord(record: RunRecord, signal: AbortSignal): Promise<void> {
    for await (const events of this.read(record.id, { attempt: 0, sequence: 0 }, { signal })) {
      if (events.some(({ event }) => event.kind !== 'accepted')) return;
    }
  }

  /** The context values that the run was given so far, the secret ones in clear. */
  valuesOf({ record, snapshot }: LoadedRun): JsonObject {
    const { contextValues, sealedSecrets } = snapshot.continued?.request ?? record.request;
    if (sealedSecrets === undefined) return contextValues;
    return { ...contextValues, ...this.#options.secretBox.open(sealedSecrets) };
  }

  async load(runId: string): Promise<LoadedRun | undefined> {
    return await this.#options.log.load(runId);
  }

  /**
   * Cancels the run and returns it as it then stands; answered only after it really stopped.
   * @throws Problem task_not_cancelable when it came to another end first.
   */
  async cancel(run: LoadedRun): Promise<LoadedRun> {
    const runId = run.record.id;
    // Whoever is about to execute it is stopped, too.
    await this.#goingOn.get(runId)?.catch(() => undefined);
    const live = this.#live.get(runId);
    let after = run;
    if (live) {
      live.stop('canceled');
      await live.done;
      after = (await this.load(runId)) ?? run;
    }
    // Nobody executes it: it waits for its caller, or was given up without an end.
    if (!isTerminal(after.snapshot.state)) {
      await this.#tellOfCancel(after);
      const ended = await this.#finish(after, { state: 'canceled' });
      after = (await this.load(runId)) ?? after;
      // Meanwhile a message has continued it: its execution is what is stopped then.
      if (!ended && !isTerminal(after.snapshot.state) && after.snapshot.attempt > run.snapshot.attempt)
        return await this.cancel(after);
    }
    if (after.snapshot.state === 'canceled') return after;
    throw new Problem(
      'task_not_cancelable',
      `The task is ${after.snapshot.state}; only a task that is not finished can be canceled.`,
    );
  }

  /** Takes up the runs of an earlier life: executes them again or fails them, as their agent says. */
  async recover(): Promise<number> {
    return await this.#recovery.recover();
  }

  /** Waits until all live runs are done, at most `graceMs`; what then still runs is given up without a last event. */
  async drain(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([this.#allDone(), grace]);
    clearTimeout(timer);
    await this.#allDone((attempt) => attempt.stop('shutdown'));
  }

  /** Those that are started meanwhile included. */
  async #allDone(first?: (attempt: Attempt) => void): Promise<void> {
    while (this.#live.size > 0) {
      const attempts = [...this.#live.values()];
      if (first) attempts.forEach(first);
      await Promise.all(attempts.map((attempt) => attempt.done));
    }
  }

  /** Whether the message is the one that began the run's last piece of work. */
  #isRepeated({ snapshot }: LoadedRun, request: StartRequest, hash: string): boolean {
    const { continued } = snapshot;
    if (this.#options.idempotencyWindowMs === 0 || !continued) return false;
    if (continued.request.message.messageId !== request.message.messageId) return false;
    if (continued.contentHash !== hash) throw usedMessageId();
    return true;
  }

  /** A waiting run that somebody has taken up, as soon as that is stored; as it waits still, when that takes too long. */
  async #takenUp(run: LoadedRun): Promise<LoadedRun> {
    const signal = AbortSignal.timeout(takenUpWithin);
    const reading = this.read(run.record.id, run.snapshot, { signal, throughWaiting: true });
    await reading.next();
    await reading.return?.();
    return (await this.load(run.record.id)) ?? run;
  }

  async #tellOfCancel(run: LoadedRun): Promise<void> {
    const { agentId, agentRevision, id } = run.record;
    try {
      await this.#options.findAgent(agentId, agentRevision)?.cancelWaiting?.(run, this.valuesOf(run));
    } catch (error) {
      this.#options.logger.warn('Nobody else could be told of a cancel.', { runId: id, error });
    }
  }

  /** Ends a run that no attempt executes; false when one has taken it up. */
  async #finish(run: LoadedRun, outcome: Outcome): Promise<boolean> {
    const attempt = await this.#options.log.takeOver(run.record.id, run.snapshot.attempt);
    if (attempt === undefined) return false;
    const writer = new RunWriter(this.#options.log, run.record.id, { ...run.snapshot }, attempt);
    void writer.write({ kind: 'finished', at: Date.now(), ...outcome });
    await writer.stored();
    return true;
  }

  #relaunch(run: LoadedRun, agent: ExecutableAgent, again: Omit<Launch, 'writer'>): void {
    const writer = new RunWriter(this.#options.log, run.record.id, { ...run.snapshot }, again.attempt);
    void writer.write({ kind: 'restarted', at: Date.now() });
    this.#launch(run, agent, { ...again, writer });
  }

  #launch(run: LoadedRun, agent: ExecutableAgent, { attempt, contextValues, writer }: Launch): void {
    const { log, logger } = this.#options;
    const runId = run.record.id;
    const live = new Attempt({
      runId,
      writer,
      log: logger,
      executor: agent.executor,
      timeoutSeconds: agent.timeoutSeconds,
      cancelGraceSeconds: agent.cancelGraceSeconds ?? 0,
      prepare: async () => ({ ...(await prepareExecution(log, run, agent)), attempt, contextValues }),
      failUnwritten: async () => {
        const unfinished = await this.load(runId);
        if (unfinished)
          await this.#recovery.fail(
            unfinished,
            'What the agent said could not be stored. Send the message anew.',
          );
      },
    });
    this.#live.set(runId, live);
    void live.done.then(() => this.#live.delete(runId));
  }
}
