import { randomUUID } from 'node:crypto';
import { Problem } from '../../http/problem.ts';
import type { LoadedRun } from '../../runs/log.ts';
import type { SecretBox } from '../../runs/secret-box.ts';
import { EgressRefusedError, type EgressGuard } from '../../tools/egress/egress-guard.ts';
import { answerPlace, type Call } from '../call.ts';
import { requireCapability } from '../capabilities.ts';
import { invalidField } from '../params.ts';
import type { PushConfig, PushConfigRequest } from '../wire.ts';
import { openSecrets, sealSecrets } from './config-secrets.ts';
import type { PushOutbox, StoredPushConfig } from './outbox.ts';

const mostConfigs = 10;

export interface PushOperationsOptions {
  outbox: PushOutbox;
  guard: Pick<EgressGuard, 'check'>;
  secretBox: SecretBox;
}

/** The push notification configs of a task (spec §3.1.7 to §3.1.10). Whether the task is the caller's, its caller has asked. */
export class PushOperations {
  readonly #options: PushOperationsOptions;

  constructor(options: PushOperationsOptions) {
    this.#options = options;
  }

  /**
   * The config as it is stored; for a run that does not exist yet, too.
   * @throws Problem invalid_request naming `url` when notifications may not go there.
   */
  async prepare(request: PushConfigRequest, call: Call): Promise<StoredPushConfig> {
    await this.#checkUrl(request.url);
    const { origin, pathname } = new URL(request.url);
    const { version } = call.codec;
    const answerIn = answerPlace(call);
    return {
      id: request.id ?? randomUUID(),
      version,
      answerIn,
      // The bodies of v0.3 are whole tasks, which are sent when their state changes.
      artifacts: version === '1.0',
      target: `${origin}${pathname}`,
      sealed: sealSecrets(this.#options.secretBox, request),
    };
  }

  /**
   * Stores a config, in place of the one with the same id. A finished task takes it and is never heard of.
   * @throws Problem invalid_request when the task has 10 others, or as `prepare`.
   */
  async create(run: LoadedRun, request: PushConfigRequest, call: Call): Promise<PushConfig> {
    const config = await this.prepare(request, call);
    if (await this.#options.outbox.save(run.record.id, config, mostConfigs)) return this.#shown(run, config);
    throw new Problem(
      'invalid_request',
      `The task has ${mostConfigs} push notification configs, which is the most. Delete one of them first.`,
    );
  }

  /** @param id absent (v0.3): the first one. @throws Problem task_not_found when there is no such config. */
  async get(run: LoadedRun, id: string | undefined): Promise<PushConfig> {
    const configs = await this.#options.outbox.list(run.record.id);
    const config = id === undefined ? configs[0] : configs.find((one) => one.id === id);
    if (config) return this.#shown(run, config);
    throw new Problem(
      'task_not_found',
      id === undefined
        ? 'The task has no push notification config.'
        : `The task has no push notification config ${id.slice(0, 64)}; list them to see which it has.`,
    );
  }

  async list(run: LoadedRun): Promise<PushConfig[]> {
    const configs = await this.#options.outbox.list(run.record.id);
    return configs.map((config) => this.#shown(run, config));
  }

  /** Nothing more is sent for it, what waits neither. */
  async remove(run: LoadedRun, id: string): Promise<void> {
    await this.#options.outbox.remove(run.record.id, id);
  }

  /** Whole: the caller gets back its own. */
  #shown(run: LoadedRun, config: StoredPushConfig): PushConfig {
    return { taskId: run.record.id, id: config.id, ...openSecrets(this.#options.secretBox, config) };
  }

  async #checkUrl(url: string): Promise<void> {
    try {
      await this.#options.guard.check(url);
    } catch (error) {
      throw error instanceof EgressRefusedError ? invalidField('url', `is refused: ${error.reason}`) : error;
    }
  }
}

/** @throws Problem push_not_supported where the agent's card says so, or the gateway has none at all. */
export function requirePush(call: Call, push: PushOperations | undefined): PushOperations {
  requireCapability(call, 'pushNotifications');
  if (push) return push;
  throw new Problem('push_not_supported', 'This gateway sends no push notifications: subscribe to the task.');
}
