import { hash, randomUUIDv7 } from 'node:crypto';
import type { StoredPushConfig } from '../a2a/push/outbox.ts';
import { Problem } from '../http/problem.ts';
import type { Log } from '../telemetry/log.ts';
import { Attempt } from './attempt.ts';
import { isTerminal, type Position } from './event.ts';
import type { Execution, Executor, Outcome } from './executor.ts';
import type { LoadedRun, RunLog } from './log.ts';
import type { JsonObject, Message, Turn } from './message.ts';
import { readRun, type RunReading } from './reading.ts';
import type { DoorName, Properties, RunRecord } from './record.ts';
import type { SecretBox } from './secret-box.ts';
import { emptySnapshot, fold, type RunSnapshot } from './snapshot.ts';
import { acceptedSnapshot, RunWriter } from './writer.ts';

/** What the engine must know of an agent; the agents room provides it. */
export interface ExecutableAgent {
  agentId: string;
  revision: string;
  executor: Executor;
  timeoutSeconds: number;
  /** How many turns of the conversation the agent is shown. */
  maxHistoryMessages: number;
  onReplicaLoss: 'rerun' | 'fail';
}

/** A request to run an agent, as every door hands it in: validated and authorized. */
export interface StartRequest {
  agent: ExecutableAgent;
  owner: string;
  door: DoorName;
  /** As it is stored: secret values cut out. */
  message: Message;
  /** See RunRequest. */
  hiddenParts?: number[];
  /** A conversation that the caller carries itself. */
  history?: Turn[];
  contextValues: JsonObject;
  /** Secret context values, in clear: sealed before they are stored. */
  secrets: JsonObject;
  llmId?: string;
  properties: Properties;
  pushConfig?: StoredPushConfig;
}

export interface EngineOptions {
  log: RunLog;
  /** Finds an agent for a recorded run; the exact revision if it is known, else the newest one. */
  findAgent(agentId: string, revision: string): ExecutableAgent | undefined;
  secretBox: SecretBox;
  logger: Log;
  idempotencyWindowMs: number;
}

/** A run is tried at most this often: once, and once more after the loss of its process. */
const mostAttempts = 2;

/** Starts, follows, cancels and recovers runs. The only writer of the run log. */
export class RunEngine {
  readonly #options: EngineOptions;
  readonly #live = new Map<string, Attempt>();

  constructor(options: EngineOptions) {
    this.#options = options;
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
    const record = this.#record(request);
    const created = await this.#options.log.create(record, {
      windowMs: this.#options.idempotencyWindowMs,
      ...(request.pushConfig && { pushConfig: request.pushConfig }),
    });
    if (created.outcome === 'conflict') {
      throw new Problem(
        'invalid_request',
        'This messageId was used with other content. Make a new one per message.',
        {
          details: { fields: { 'message.messageId': 'was used with other content' } },
        },
      );
    }
    if (created.outcome === 'existing') return { record: created.record, created: false };
    this.#launch({ record, snapshot: acceptedSnapshot(record.createdAt) }, request.agent, {
      attempt: 1,
      contextValues: { ...request.contextValues, ...request.secrets },
    });
    return { record, created: true };
  }

  /** Stored events after `position`, then live ones, until the run is at rest; ends quietly when `signal` aborts. */
  read(runId: string, position: Position, signal?: AbortSignal): RunReading {
    return readRun(this.#options.log, runId, position, signal);
  }

  /** Waits until the run is at rest and returns its snapshot; undefined when `signal` aborts before. */
  async settled(record: RunRecord, signal: AbortSignal): Promise<RunSnapshot | undefined> {
    const snapshot = emptySnapshot(record.createdAt);
    for await (const events of this.read(record.id, { attempt: 0, sequence: 0 }, signal)) {
      for (const event of events) fold(snapshot, event);
    }
    return snapshot.finished ? snapshot : undefined;
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
    const live = this.#live.get(runId);
    let after = run;
    if (live) {
      live.stop('canceled');
      await live.done;
      after = (await this.load(runId)) ?? run;
    }
    // Nobody executes it: it waits for its caller, or was given up without an end.
    if (!isTerminal(after.snapshot.state)) {
      await this.#finish(after, { state: 'canceled' });
      after = (await this.load(runId)) ?? after;
    }
    if (after.snapshot.state === 'canceled') return after;
    throw new Problem(
      'task_not_cancelable',
      `The task is ${after.snapshot.state}; only a task that is not finished can be canceled.`,
    );
  }

  /** Takes up the runs of an earlier life: executes them again or fails them, as their agent says. */
  async recover(): Promise<number> {
    const runs = await this.#options.log.abandoned();
    for (const run of runs) await this.#recoverOne(run);
    return runs.length;
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

  async #recoverOne(run: LoadedRun): Promise<void> {
    const { record, snapshot } = run;
    const again = this.#reexecution(run);
    if (typeof again === 'string') {
      return await this.#fail(run, `The run was not executed again: ${again}. Send the message anew.`);
    }
    const attempt = await this.#options.log.takeOver(record.id, snapshot.attempt);
    if (attempt === undefined) return;
    this.#options.logger.info('A run of an earlier life is executed again.', { runId: record.id, attempt });
    this.#launch(run, again.agent, { attempt, contextValues: again.contextValues });
  }

  /** With what a lost run is executed again, or why it is not: one that cannot be must not stand in the way of the others. */
  #reexecution({
    record,
    snapshot,
  }: LoadedRun): { agent: ExecutableAgent; contextValues: JsonObject } | string {
    const { contextValues, sealedSecrets } = record.request;
    try {
      const agent = this.#options.findAgent(record.agentId, record.agentRevision);
      if (!agent) return 'its agent is no longer declared';
      if (agent.onReplicaLoss === 'fail' || snapshot.attempt >= mostAttempts) return 'its process was lost';
      const secrets = sealedSecrets === undefined ? {} : this.#options.secretBox.open(sealedSecrets);
      return { agent, contextValues: { ...contextValues, ...secrets } };
    } catch (error) {
      this.#options.logger.error('A run of an earlier life cannot be executed again.', {
        runId: record.id,
        error,
      });
      return 'its agent or its secret values could not be opened';
    }
  }

  async #fail(run: LoadedRun, message: string): Promise<void> {
    await this.#finish(run, { state: 'failed', failure: { code: 'internal_error', message } });
  }

  /** Ends a run that no attempt executes. */
  async #finish(run: LoadedRun, outcome: Outcome): Promise<void> {
    const attempt = await this.#options.log.takeOver(run.record.id, run.snapshot.attempt);
    if (attempt === undefined) return;
    const writer = new RunWriter(this.#options.log, run.record.id, { ...run.snapshot }, attempt);
    void writer.write({ kind: 'finished', at: Date.now(), ...outcome });
    await writer.stored();
  }

  #launch(
    run: LoadedRun,
    agent: ExecutableAgent,
    start: { attempt: number; contextValues: JsonObject },
  ): void {
    const { record } = run;
    const writer = new RunWriter(this.#options.log, record.id, { ...run.snapshot }, start.attempt);
    if (start.attempt > 1) void writer.write({ kind: 'restarted', at: Date.now() });
    const attempt = new Attempt({
      runId: record.id,
      writer,
      log: this.#options.logger,
      executor: agent.executor,
      timeoutSeconds: agent.timeoutSeconds,
      prepare: async () => await this.#prepare(record, agent, start),
      failUnwritten: async () => {
        const unfinished = await this.load(record.id);
        if (unfinished)
          await this.#fail(unfinished, 'What the agent said could not be stored. Send the message anew.');
      },
    });
    this.#live.set(record.id, attempt);
    void attempt.done.then(() => this.#live.delete(record.id));
  }

  async #prepare(
    record: RunRecord,
    agent: ExecutableAgent,
    start: { attempt: number; contextValues: JsonObject },
  ): Promise<Omit<Execution, 'signal'>> {
    const { owner, agentId, contextId, request } = record;
    let { history } = request;
    // A context that the caller did not name is new: it has no history to read.
    if (!history && record.contextNamed && record.door === 'a2a') {
      history = await this.#options.log.history({ owner, agentId, contextId }, agent.maxHistoryMessages);
    }
    return { record, attempt: start.attempt, history: history ?? [], contextValues: start.contextValues };
  }

  #record(request: StartRequest): RunRecord {
    // Ids that grow with time keep the indexes of the store local.
    const id = randomUUIDv7();
    const named = request.message.contextId;
    const contextId = named ?? randomUUIDv7();
    const hasSecrets = Object.keys(request.secrets).length > 0;
    return {
      id,
      contextId,
      agentId: request.agent.agentId,
      agentRevision: request.agent.revision,
      owner: request.owner,
      door: request.door,
      request: {
        message: { ...request.message, contextId, taskId: id },
        ...(request.hiddenParts?.length && { hiddenParts: request.hiddenParts }),
        ...(request.history && { history: request.history }),
        contextValues: request.contextValues,
        ...(hasSecrets && { sealedSecrets: this.#options.secretBox.seal(request.secrets) }),
        ...(request.llmId !== undefined && { llmId: request.llmId }),
        properties: request.properties,
      },
      contentHash: contentHash(
        request,
        hasSecrets ? this.#options.secretBox.fingerprint(request.secrets) : '',
      ),
      contextNamed: named !== undefined,
      createdAt: Date.now(),
    };
  }
}

/** What makes two requests the same: everything that can change the answer. */
function contentHash(request: StartRequest, secrets: string): string {
  const { message, history, contextValues, llmId, properties } = request;
  const content = [message.parts, message.metadata, history, contextValues, secrets, llmId, properties];
  return hash('sha256', JSON.stringify(content));
}
