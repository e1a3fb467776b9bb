import { setTimeout as pause } from 'node:timers/promises';
import type { Message, StreamResponse, Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { RunStopped } from '../../runs/attempt.ts';
import type { Execution, ExecutorEvent, Outcome } from '../../runs/executor.ts';
import { asRemoteFailure, isNotFound, isUnsupported, mayRefuseContext } from './remote-client.ts';
import type { RemoteConnection } from './remote-connection.ts';
import { RemoteFailure } from './remote-failure.ts';
import { goesInCircles, remoteContextId, remoteRequest, type RemoteTarget } from './remote-message.ts';
import { isResting, isWaiting, RemoteReader } from './remote-reader.ts';

/** So often in a row a broken stream is subscribed to again, without a word between. */
const mostBreaks = 8;
/** A stream that lasted so long has worked. */
const livelyMs = 30_000;
const shortestPauseMs = 250;
const longestPauseMs = 5_000;
/** How long a canceled run waits to learn which task to cancel. */
const linkPatienceMs = 2_000;
/** How long the remote may take to end a task that is canceled there; the engine waits a second longer. */
const cancelPatienceMs = 4_000;

export interface RemoteRunOptions {
  client: Client;
  connection: RemoteConnection;
  streaming: boolean;
  /** The SDK's client loses `append` of the artifact updates of v0.3's HTTP+JSON. */
  hidesAppend: boolean;
  /** Values that no message shows. */
  secrets: readonly string[];
}

type Events = AsyncGenerator<ExecutorEvent, Outcome, undefined>;
type Source = AsyncGenerator<StreamResponse, void, undefined>;

/** One attempt at a run whose work another server's task does. */
export class RemoteRun {
  readonly #execution: Execution;
  readonly #options: RemoteRunOptions;
  readonly #reader: RemoteReader;
  /** Ends the requests that are under way. */
  readonly #requests = new AbortController();

  constructor(execution: Execution, options: RemoteRunOptions) {
    this.#execution = execution;
    this.#options = options;
    this.#reader = new RemoteReader(execution.linked);
  }

  /** What the remote says, and how it ends; a failure to reach or understand it is the outcome too. */
  async *run(): Events {
    const { signal } = this.#execution;
    const onAbort = (): void => this.#leave();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      if (goesInCircles(this.#execution))
        throw new RemoteFailure('The message goes in circles from gateway to gateway.');
      return yield* this.#follow(this.#begin());
    } catch (error) {
      if (signal.aborted) return yield* this.#stop();
      return { state: 'failed', failure: asRemoteFailure(error, this.#options.secrets).failure };
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#requests.abort();
    }
  }

  /** Reads until the task is at rest; a stream that breaks is taken up again. */
  async *#follow(first: Source): Events {
    let source = first;
    for (let breaks = 0; ; breaks += 1) {
      const since = { events: this.#reader.eventCount, time: performance.now() };
      const broken = yield* this.#read(source);
      if (this.#reader.outcome) return this.#reader.outcome;
      // A subscription begins with the task as it stands, which is no progress yet.
      const isLively =
        this.#reader.eventCount > since.events + 1 || performance.now() - since.time > livelyMs;
      if (isLively) breaks = 0;
      if (!this.#reader.linked || breaks >= mostBreaks) throw broken ?? endedEarly();
      if (broken || breaks > 0) await this.#pause(breaks);
      source = this.#reader.eventCount === 0 ? this.#takeUp() : this.#resume();
    }
  }

  /** Reads one stream; returns what broke it. */
  async *#read(source: Source): AsyncGenerator<ExecutorEvent, RemoteFailure | undefined, undefined> {
    try {
      for await (const event of source) {
        yield* this.#reader.take(event);
        this.#execution.signal.throwIfAborted();
        if (this.#reader.outcome) return undefined;
      }
      return undefined;
    } catch (error) {
      this.#execution.signal.throwIfAborted();
      const failure = asRemoteFailure(error, this.#options.secrets);
      if (!failure.broken) throw failure;
      return failure;
    }
  }

  /** A request that is executed again takes up what the remote has begun. */
  #begin(): Source {
    const { attempt, firstAttempt, linked } = this.#execution;
    return attempt > firstAttempt && linked ? this.#takeUp() : this.#send();
  }

  async *#takeUp(): Source {
    yield* (await this.#hasBegun()) ? this.#resume() : this.#send();
  }

  /** Whether the message arrived before: a task that still waits has not had its answer. */
  async #hasBegun(): Promise<boolean> {
    const { record, firstAttempt } = this.#execution;
    const id = this.#taskId;
    try {
      const task = await this.#options.client.getTask(
        { tenant: '', id, historyLength: undefined },
        this.#request,
      );
      if (firstAttempt === 1 || !isWaiting(task)) return true;
      return task.history.some(({ messageId }) => messageId === `${record.id}-${firstAttempt}`);
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async *#send(): Source {
    const { record, linked, exchange } = this.#execution;
    if (linked && exchange.length > 0) return yield* this.#sendTo(linked);
    try {
      return yield* this.#sendTo({ taskId: '', contextId: remoteContextId(record) });
    } catch (error) {
      if (this.#reader.eventCount > 0 || !mayRefuseContext(error)) throw error;
    }
    yield* this.#sendTo({ taskId: '', contextId: '' });
  }

  async *#sendTo(target: RemoteTarget): Source {
    const { streaming, client } = this.#options;
    const request = remoteRequest(this.#execution, target, !streaming);
    if (streaming) return yield* answersOf(this.#counted(client.sendMessageStream(request, this.#request)));
    yield shown(await client.sendMessage(request, this.#request));
    yield* this.#poll();
  }

  /** The linked task from where it was left: by a new subscription, or asked for until it rests. */
  async *#resume(): Source {
    const { streaming, client } = this.#options;
    if (!streaming) return yield* this.#poll();
    try {
      yield* this.#counted(client.resubscribeTask({ tenant: '', id: this.#taskId }, this.#request));
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      yield* this.#poll();
    }
  }

  async *#counted(stream: Source): Source {
    const { connection, hidesAppend } = this.#options;
    for await (const event of stream) {
      const text = connection.handedOut();
      if (hidesAppend && text !== undefined && event.payload?.$case === 'artifactUpdate') {
        event.payload.value.append = saysAppend(text);
      }
      yield event;
    }
  }

  async *#poll(): Source {
    for (let turn = 0; ; turn += 1) {
      yield shown(await this.#getTask());
      await this.#pause(turn);
    }
  }

  async #getTask(request = this.#request): Promise<Task> {
    return await this.#options.client.getTask({ tenant: '', id: this.#taskId, historyLength: 0 }, request);
  }

  /** The signal's reason, once the remote was told where it must be. */
  async *#stop(): Events {
    const reason: unknown = this.#execution.signal.reason;
    const why = reason instanceof RunStopped ? reason.reason : 'lost';
    // A run that goes on elsewhere, or later, needs its task.
    if (!this.#reader.linked || why === 'shutdown' || why === 'lost') return { state: 'canceled' };
    try {
      return yield* this.#cancel();
    } catch (error) {
      const { message } = asRemoteFailure(error, this.#options.secrets);
      const failure = { code: 'provider_error', message: `${message} Its task may not have been canceled.` };
      return { state: 'failed', failure };
    }
  }

  async *#cancel(): Events {
    const request = { signal: AbortSignal.timeout(cancelPatienceMs) };
    let task = await this.#cancelTask(request);
    for (let turn = 0; ; turn += 1) {
      yield* this.#reader.takeTask(task);
      if (this.#reader.outcome) return this.#reader.outcome;
      await pause(pauseMs(turn), undefined, request);
      task = await this.#getTask(request);
    }
  }

  /** A remote that does not cancel tells how the task stands: it may have been faster. */
  async #cancelTask(request: { signal: AbortSignal }): Promise<Task> {
    try {
      return await this.#options.client.cancelTask(
        { tenant: '', id: this.#taskId, metadata: undefined },
        request,
      );
    } catch (error) {
      const task = await this.#getTask(request);
      if (!isResting(task)) throw error;
      return task;
    }
  }

  /** Ends the requests of a run that is stopped; one that is canceled may first learn which task it is. */
  #leave(): void {
    const reason: unknown = this.#execution.signal.reason;
    const mayLearn = reason instanceof RunStopped && reason.reason === 'canceled' && !this.#reader.linked;
    if (!mayLearn) return this.#requests.abort();
    setTimeout(() => this.#requests.abort(), linkPatienceMs).unref();
  }

  async #pause(turn: number): Promise<void> {
    await pause(pauseMs(turn), undefined, { signal: this.#execution.signal });
  }

  get #request(): { signal: AbortSignal } {
    return { signal: this.#requests.signal };
  }

  get #taskId(): string {
    return this.#reader.linked?.taskId ?? '';
  }
}

/** A task that is shown first may stand as it did before the message: if it waits, it counts only when nothing follows. */
async function* answersOf(stream: Source): Source {
  let held: StreamResponse | undefined;
  let isFirst = true;
  for await (const event of stream) {
    const { payload } = event;
    held = isFirst && payload?.$case === 'task' && isWaiting(payload.value) ? event : undefined;
    isFirst = false;
    if (!held) yield event;
  }
  if (held) yield held;
}

function shown(result: Task | Message): StreamResponse {
  if ('messageId' in result) return { payload: { $case: 'message', value: result } };
  return { payload: { $case: 'task', value: result } };
}

function saysAppend(text: string): boolean {
  const { artifactUpdate } = JSON.parse(text) as { artifactUpdate?: { append?: unknown } };
  return artifactUpdate?.append === true;
}

function pauseMs(turn: number): number {
  return Math.min(shortestPauseMs * 2 ** turn, longestPauseMs);
}

function endedEarly(): RemoteFailure {
  return new RemoteFailure(
    'The remote agent ended its stream before its task. Send the message again later.',
  );
}
