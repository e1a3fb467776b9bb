import type { AgentInvoker } from '../agents/invoker.ts';
import { may } from '../auth/permissions.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { Problem } from '../http/problem.ts';
import type { RunEngine } from '../runs/engine.ts';
import { isTerminal, type Position } from '../runs/event.ts';
import type { LoadedRun, RunLog } from '../runs/log.ts';
import type { Message } from '../runs/message.ts';
import type { RunRecord } from '../runs/record.ts';
import { answerPlace, type Call } from './call.ts';
import { declaredExtensions, requireExtensions } from './extensions.ts';
import { cursorOf, readCursor } from './list-cursor.ts';
import { runStateOf, taskOf } from './projection.ts';
import { requirePush, type PushOperations } from './push/push-operations.ts';
import { redactSecrets, takeConversationHistory, takeProvidedValues } from './provided-values.ts';
import { RunStream } from './run-stream.ts';
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

const beginning: Position = { attempt: 0, sequence: 0 };

export interface OperationsOptions {
  invoker: AgentInvoker;
  engine: RunEngine;
  log: RunLog;
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
    const record = await this.#start(request, call);
    if (request.blocking) {
      const snapshot = await this.#options.engine.settled(record, call.signal);
      if (snapshot) return { task: this.#task({ record, snapshot }, call, request.historyLength) };
    }
    return { task: this.#task(await this.#own(record.id, call), call, request.historyLength) };
  }

  /** Send Streaming Message (spec §3.1.2): the run from its beginning, or from the cursor of a caller that resumes. */
  async sendStreamingMessage(request: SendMessageRequest, call: Call): Promise<RunStream> {
    requireStreaming(call);
    const record = await this.#start(request, call);
    if (!call.cursor) return this.#stream(record, call, { from: beginning });
    return await this.#resume(await this.#own(record.id, call), call, call.cursor);
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
    requireStreaming(call);
    const run = await this.#own(request.id, call);
    if (call.cursor) return await this.#resume(run, call, call.cursor);
    if (isTerminal(run.snapshot.state)) {
      throw new Problem(
        'unsupported_operation',
        `The task is ${run.snapshot.state}: there is nothing to subscribe to. Get it instead.`,
      );
    }
    return this.#stream(run.record, call, { from: run.snapshot, first: run });
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

  /** Get Extended Agent Card (spec §3.1.11). */
  async getExtendedCard(_call: Call): Promise<CardShapes> {
    throw new Problem(
      'extended_card_not_configured',
      'This agent has no extended card: its card says all there is.',
    );
  }

  async #start(request: SendMessageRequest, call: Call): Promise<RunRecord> {
    requireExtensions(call.activated, declaredExtensions(call.agent));
    if (request.message.taskId !== undefined) await this.#refuseContinuation(request.message.taskId, call);
    const pushConfig =
      request.pushConfig && (await requirePush(call, this.#options.push).prepare(request.pushConfig, call));
    const values = takeProvidedValues(request.message, call.activated);
    const history = takeConversationHistory(values.message, call.activated);
    const { contextVariables } = call.agent.definition.execution;
    const secretNames = contextVariables
      .filter((variable) => variable.secret)
      .map((variable) => variable.name);
    const { record } = await this.#options.invoker.start({
      agent: call.agent,
      principal: call.principal,
      door: 'a2a',
      message: redactSecrets(request.message, secretNames),
      hiddenParts: hiddenParts(request.message, history.message),
      ...(history.history && { history: history.history }),
      ...(values.provided && { provided: values.provided }),
      ...(call.llmId !== undefined && { llmId: call.llmId }),
      properties: call.properties,
      ...(pushConfig && { pushConfig }),
    });
    return record;
  }

  /** A message to a task needs one that waits for it; no agent of this release leaves a task waiting. */
  async #refuseContinuation(taskId: string, call: Call): Promise<never> {
    const { snapshot } = await this.#own(taskId, call);
    throw new Problem(
      'unsupported_operation',
      `The task is ${snapshot.state} and takes no further message. Send it without taskId, in the same contextId.`,
    );
  }

  /** With a cursor the replay is exact while the log lives; else the task comes first and the rest follows. */
  async #resume(run: LoadedRun, call: Call, cursor: Position): Promise<RunStream> {
    const sameAttempt = cursor.attempt === run.snapshot.attempt && cursor.sequence <= run.snapshot.sequence;
    if (sameAttempt && (await this.#options.log.covers(run.record.id, cursor))) {
      return this.#stream(run.record, call, { from: cursor });
    }
    return this.#stream(run.record, call, { from: run.snapshot, first: run });
  }

  #stream(record: RunRecord, call: Call, start: { from: Position; first?: LoadedRun }): RunStream {
    return new RunStream(this.#options.engine, record, call, start);
  }

  /** The caller's own task at this agent; anything else looks exactly like a missing one. */
  async #own(taskId: string, call: Call): Promise<LoadedRun> {
    const run = await this.#options.engine.load(taskId);
    if (
      run?.record.owner === call.principal.userId &&
      run.record.agentId === call.agent.id &&
      run.record.door === 'a2a'
    ) {
      return run;
    }
    throw new Problem('task_not_found', `There is no task ${taskId.slice(0, 64)} of yours at this agent.`);
  }

  #task(run: LoadedRun, call: Call, historyLength?: number, includeArtifacts?: boolean): Task {
    return taskOf(run, {
      answerIn: answerPlace(call),
      ...(historyLength !== undefined && { historyLength }),
      ...(includeArtifacts !== undefined && { includeArtifacts }),
    });
  }
}

/** Indexes of the parts that were taken out of the message. */
function hiddenParts(whole: Message, shown: Message): number[] {
  // A set: a body may hold hundreds of thousands of parts.
  const visible = new Set(shown.parts);
  return whole.parts.flatMap((part, index) => (visible.has(part) ? [] : [index]));
}

/** Capability validation (spec §3.3.4). */
function requireStreaming({ agent }: Call): void {
  if (agent.definition.card.capabilities.streaming) return;
  throw new Problem(
    'unsupported_operation',
    'This agent does not stream: send the message without streaming, or get the task.',
  );
}
