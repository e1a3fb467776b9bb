import type { EngineOptions, ExecutableAgent } from './engine.ts';
import type { Outcome } from './executor.ts';
import type { LoadedRun } from './log.ts';
import type { JsonObject } from './message.ts';

/** A request is tried at most this often: once, and once more after the loss of its process. */
const mostAttempts = 2;

/** What the engine does for the recovery. */
export interface RecoveryActions {
  launch(run: LoadedRun, agent: ExecutableAgent, again: { attempt: number; contextValues: JsonObject }): void;
  finish(run: LoadedRun, outcome: Outcome): Promise<unknown>;
}

/** Takes up the runs whose process was lost: executes them again or fails them, as their agent says. */
export class Recovery {
  readonly #options: EngineOptions;
  readonly #actions: RecoveryActions;

  constructor(options: EngineOptions, actions: RecoveryActions) {
    this.#options = options;
    this.#actions = actions;
  }

  /** Returns how many runs there were. */
  async recover(): Promise<number> {
    const runs = await this.#options.log.abandoned();
    for (const run of runs) await this.#recoverOne(run);
    return runs.length;
  }

  /** Ends a run as failed by the gateway's own fault. */
  async fail(run: LoadedRun, message: string): Promise<void> {
    await this.#actions.finish(run, { state: 'failed', failure: { code: 'internal_error', message } });
  }

  async #recoverOne(run: LoadedRun): Promise<void> {
    const { record, snapshot } = run;
    const again = this.#reexecution(run);
    if (typeof again === 'string') {
      return await this.fail(run, `The run was not executed again: ${again}. Send the message anew.`);
    }
    const attempt = await this.#options.log.takeOver(record.id, snapshot.attempt);
    if (attempt === undefined) return;
    this.#options.logger.info('A run of an earlier life is executed again.', { runId: record.id, attempt });
    this.#actions.launch(run, again.agent, { attempt, contextValues: again.contextValues });
  }

  /** With what a lost run is executed again, or why it is not: one that cannot be must not stand in the way of the others. */
  #reexecution({
    record,
    snapshot,
  }: LoadedRun): { agent: ExecutableAgent; contextValues: JsonObject } | string {
    const { contextValues, sealedSecrets } = snapshot.continued?.request ?? record.request;
    const earlier = snapshot.continued ? snapshot.continued.attempt - 1 : 0;
    try {
      const agent = this.#options.findAgent(record.agentId, record.agentRevision);
      if (!agent) return 'its agent is no longer declared';
      if (record.door === 'agent') return 'the agent that waited for it was lost with it';
      if (agent.onReplicaLoss === 'fail' || snapshot.attempt - earlier >= mostAttempts)
        return 'its process was lost';
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
}
