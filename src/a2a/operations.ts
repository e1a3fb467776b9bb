import type { AgentInvoker } from '../agents/invoker.ts';
import { may } from '../auth/permissions.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { Problem } from '../http/problem.ts';
import type { RunEngine } from '../runs/engine.ts';
import { isTerminal, type Position } from '../runs/event.ts';
import type { LoadedRun, RunLog } from '../runs/log.ts';
import type { Message } from '../runs/message.ts';
import type { RunRecord } from '../runs/record.ts';
import { emptySnapshot } from '../runs/snapshot.ts';
import { answerPlace, type Call } from './call.ts';
import type { CardCatalog } from './card-catalog.ts';
import { extendedCardFor } from './extended-card.ts';
import { declaredExtensions, requireExtensions } from './extensions.ts';
import { cursorOf, readCursor } from './list-cursor.ts';
import { invocationOf } from './invocation.ts';
import { invalidField } from './params.ts';
import { replyOf, runStateOf, taskOf } from './projection.ts';
import { requirePush, type PushOperations } from './push/push-operations.ts';
import { RunStream, type StreamStart } from './run-stream.ts';
import type {
  CardShapes,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  PushConfig,
  PushConfigRequest,
  SendMessageRequest,
  SendResult,
  Task,
} from './wire.ts';

export interface OperationsOptions {
  invoker: AgentInvoker;
  engine: RunEngine;
  log: RunLog;
  cards: CardCatalog;
  /** Absent: no agent sends push notifications. */
  push?: PushOperations;
}

/** The operations of A2A (spec §3.1) over runs. They know neither the transport nor the protocol version's shapes. */
export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** Send Message (spec §3.1.1): the task at rest, or at once when the caller does not want to wait. */
  async sendMessage(request: SendMessageRequest, call: Call): Promise<SendResult> {
    const { engine } = this.#options;
    const started = await this.#begin(request, call);
    const { record } = started;
    if (request.blocking) {
      const snapshot = await engine.settledAfter(started, call.signal);
      if (snapshot) return this.#result({ record, snapshot }, call, request.historyLength);
    } else if (record.mayReply && started.snapshot.attempt === 0) {
      await engine.firstWord(record, call.signal);
    }
    return this.#result((await engine.load(record.id)) ?? started, call, request.historyLength);
  }

  /** Send Streaming Message (spec §3.1.2): the run from its beginning, or from the cursor of a caller that resumes. */
  async sendStreamingMessage(request: SendMessageRequest, call: Call): Promise<RunStream> {
    const started = await this.#begin(request, call);
    const { historyLength } = request;
    if (call.cursor)
      return await this.#resume(await this.#own(started.record.id, call), call, call.cursor, historyLength);
    // A new run tells of its task itself; of one that goes on, the task comes first.
    const isNew = started.snapshot.attempt === 0;
    return this.#stream(started.record, call, {
      from: started.snapshot,
      ...(!isNew && { first: started }),
      historyLength,
    });
  }

  /** Get Task (spec §3.1.3). */
  async getTask(request: GetTaskRequest, call: Call): Promise<Task> {
    return this.#task(await this.#own(request.id, call), call, request.historyLength);
  }

  /** List Tasks (spec §3.1.4): the caller's own at this agent, newest status first. */
  async listTasks(request: ListTasksRequest, call: Call): Promise<ListTasksResponse> {
    if (!may(call.principal, 'list_tasks')) throw unauthorized();
    const state = request.status && runStateOf(request.status);
    const page = await this.#options.log.list({
      owner: call.principal.userId,
      agentId: call.agent.id,
      ...(request.contextId !== undefined && { contextId: request.contextId }),
      ...(state && { state }),
      ...(request.statusTimestampAfter !== undefined && { since: request.statusTimestampAfter }),
      limit: request.pageSize,
      ...(request.pageToken && { after: readCursor(request.pageToken) }),
    });
    const last = page.runs.at(-1);
    return {
      tasks: page.runs.map((run) => this.#task(run, call, request.historyLength, request.includeArtifacts)),
      nextPageToken: page.hasMore && last ? cursorOf(last) : '',
      pageSize: request.pageSize,
      totalSize: page.total,
    };
  }

  /** Cancel Task (spec §3.1.5): answered when the run has stopped. A second cancel is idempotent in v1.0, an error in v0.3. */
  async cancelTask(request: { id: string }, call: Call): Promise<Task> {
    const run = await this.#own(request.id, call);
    const { state } = run.snapshot;
    if (state === 'canceled' && call.codec.version === '1.0') return this.#task(run, call);
    if (isTerminal(state)) {
      throw new Problem(
        'task_not_cancelable',
        `The task is ${state}; only a task that is not finished can be canceled.`,
      );
    }
    return this.#task(await this.#options.engine.cancel(run), call);
  }

  /** Subscribe to Task (spec §3.1.6): the task first and then what comes, or exactly what follows the cursor. */
  async subscribeToTask(request: { id: string }, call: Call): Promise<RunStream> {
    const run = await this.#own(request.id, call);
    if (call.cursor) return await this.#resume(run, call, call.cursor);
    if (isTerminal(run.snapshot.state)) {
      throw new Problem(
        'unsupported_operation',
        `The task is ${run.snapshot.state}: there is nothing to subscribe to. Get it instead.`,
      );
    }
    return this.#stream(run.record, call, { from: run.snapshot, first: run, throughWaiting: true });
  }

  /** Create Push Notification Config (spec §3.1.7). */
  async createPushConfig(request: PushConfigRequest & { taskId: string }, call: Call): Promise<PushConfig> {
    const push = requirePush(call, this.#options.push);
    return await push.create(await this.#own(request.taskId, call), request, call);
  }

  /** Get Push Notification Config (spec §3.1.8). */
  async getPushConfig(request: { taskId: string; id?: string }, call: Call): Promise<PushConfig> {
    const push = requirePush(call, this.#options.push);
    return await push.get(await this.#own(request.taskId, call), request.id);
  }

  /** List Push Notification Configs (spec §3.1.9). */
  async listPushConfigs(request: { taskId: string }, call: Call): Promise<PushConfig[]> {
    const push = requirePush(call, this.#options.push);
    return await push.list(await this.#own(request.taskId, call));
  }

  /** Delete Push Notification Config (spec §3.1.10): idempotent. */
  async deletePushConfig(request: { taskId: string; id: string }, call: Call): Promise<void> {
    const push = requirePush(call, this.#options.push);
    await push.remove(await this.#own(request.taskId, call), request.id);
  }

  /** Get Extended Agent Card (spec §3.1.11): what it says depends on who asks. */
  async getExtendedCard(call: Call): Promise<CardShapes> {
    return await extendedCardFor(call, this.#options.cards);
  }

  /** Starts a run, or continues the task that the message names. The snapshot tells from where it is read. */
  async #begin(request: SendMessageRequest, call: Call): Promise<LoadedRun> {
    requireExtensions(call.activated, declaredExtensions(call.agent));
    const push = request.pushConfig && requirePush(call, this.#options.push);
    const { taskId } = request.message;
    const task = taskId === undefined ? undefined : await this.#own(taskId, call);
    if (task) requireSameContext(task.record, request.message);
    const invocation = invocationOf(request, call);
    // Named after its message, so that the same message sent again adds none.
    const config = request.pushConfig && { id: request.message.messageId, ...request.pushConfig };
    if (task) {
      if (push && config) await push.create(task, config, call);
      return await this.#options.invoker.continue(task, invocation);
    }
    const pushConfig = push && config && (await push.prepare(config, call));
    const { record } = await this.#options.invoker.start({
      ...invocation,
      ...(pushConfig && { pushConfig }),
    });
    return { record, snapshot: emptySnapshot(record.createdAt) };
  }

  /** With a cursor the replay is exact while the log lives; else the task comes first and the rest follows. */
  async #resume(run: LoadedRun, call: Call, cursor: Position, historyLength?: number): Promise<RunStream> {
    const sameAttempt = cursor.attempt === run.snapshot.attempt && cursor.sequence <= run.snapshot.sequence;
    if (sameAttempt && (await this.#options.log.covers(run.record.id, cursor))) {
      return this.#stream(run.record, call, { from: cursor });
    }
    return this.#stream(run.record, call, { from: run.snapshot, first: run, historyLength });
  }

  #stream(record: RunRecord, call: Call, start: StreamStart): RunStream {
    return new RunStream(this.#options.engine, record, call, start);
  }

  /** The caller's own task at this agent; anything else looks exactly like a missing one. */
  async #own(taskId: string, call: Call): Promise<LoadedRun> {
    const run = await this.#options.engine.load(taskId);
    const isOwn =
      run?.record.owner === call.principal.userId &&
      run.record.agentId === call.agent.id &&
      run.record.door === 'a2a';
    if (isOwn && !replyOf(run)) return run;
    throw new Problem(
      'task_not_found',
      `Task not found: you have no task ${taskId.slice(0, 64)} at this agent.`,
    );
  }

  #result(run: LoadedRun, call: Call, historyLength?: number): SendResult {
    const message = replyOf(run);
    return message ? { message } : { task: this.#task(run, call, historyLength) };
  }

  #task(run: LoadedRun, call: Call, historyLength?: number, includeArtifacts?: boolean): Task {
    return taskOf(run, {
      answerIn: answerPlace(call),
      ...(historyLength !== undefined && { historyLength }),
      ...(includeArtifacts !== undefined && { includeArtifacts }),
    });
  }
}

/** Agents must refuse a message whose context is not that of its task (spec §3.4.3). */
function requireSameContext(record: RunRecord, message: Message): void {
  if (message.contextId === undefined || message.contextId === record.contextId) return;
  throw invalidField(
    'message.contextId',
    'is not the context of the task: leave it out, or send that of the task',
  );
}
