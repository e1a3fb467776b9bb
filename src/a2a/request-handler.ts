import {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  type AgentCard,
} from '@a2a-js/sdk';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { Problem } from '../http/problem.ts';
import type { Call } from './call.ts';
import type { Operations } from './operations.ts';
import type { RunStream } from './run-stream.ts';
import { sdkError } from './sdk-errors.ts';
import { v1Codec } from './v1/codec.ts';

export interface RequestHandlerOptions {
  operations: Operations;
  /** Who calls which agent: from what the transport knows of the request. The call's codec is that of v1.0. */
  callOf: (context: ServerCallContext) => Call;
  card: () => Promise<AgentCard>;
}

/**
 * The SDK's `A2ARequestHandler` over the gateway's operations: any transport of the SDK that is put on top runs
 * what the gateway's own doors run. Requests and results pass through the SDK's own ProtoJSON codecs; errors
 * become the SDK's classes, so that each transport gives them its codes.
 */
export class RequestHandler implements A2ARequestHandler {
  readonly #options: RequestHandlerOptions;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  async getAgentCard(): Promise<AgentCard> {
    return await this.#options.card();
  }

  async sendMessage(params: SendMessageRequest, context: ServerCallContext): Promise<Task> {
    return await this.#task(context, async (operations, call) =>
      operations.sendMessage(v1Codec.decodeSend(SendMessageRequest.toJSON(params)), call),
    );
  }

  sendMessageStream(
    params: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    return this.#stream(context, async (operations, call) =>
      operations.sendStreamingMessage(v1Codec.decodeSend(SendMessageRequest.toJSON(params)), call),
    );
  }

  async getTask(params: GetTaskRequest, context: ServerCallContext): Promise<Task> {
    return await this.#task(context, async (operations, call) =>
      operations.getTask(v1Codec.decodeGet(GetTaskRequest.toJSON(params)), call),
    );
  }

  async cancelTask(params: CancelTaskRequest, context: ServerCallContext): Promise<Task> {
    return await this.#task(context, async (operations, call) =>
      operations.cancelTask(v1Codec.decodeTaskId(CancelTaskRequest.toJSON(params)), call),
    );
  }

  async listTasks(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return await this.#do(context, async (operations, call) => {
      const page = await operations.listTasks(v1Codec.decodeList(ListTasksRequest.toJSON(params)), call);
      return ListTasksResponse.fromJSON(v1Codec.encodeList(page));
    });
  }

  resubscribe(
    params: SubscribeToTaskRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    return this.#stream(context, async (operations, call) =>
      operations.subscribeToTask(v1Codec.decodeTaskId(SubscribeToTaskRequest.toJSON(params)), call),
    );
  }

  async getAuthenticatedExtendedAgentCard(): Promise<never> {
    throw sdkError(new Problem('extended_card_not_configured', 'This agent has no extended card.'));
  }

  async createTaskPushNotificationConfig(): Promise<never> {
    return await refusePush();
  }

  async getTaskPushNotificationConfig(): Promise<never> {
    return await refusePush();
  }

  async listTaskPushNotificationConfigs(): Promise<never> {
    return await refusePush();
  }

  async deleteTaskPushNotificationConfig(): Promise<never> {
    return await refusePush();
  }

  async #task(
    context: ServerCallContext,
    operation: (operations: Operations, call: Call) => ReturnType<Operations['getTask']>,
  ): Promise<Task> {
    const task = await this.#do(context, operation);
    return Task.fromJSON(v1Codec.encodeTask(task));
  }

  async *#stream(
    context: ServerCallContext,
    open: (operations: Operations, call: Call) => Promise<RunStream>,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const stream = await this.#do(context, open);
    for await (const frames of stream) {
      for (const frame of frames) yield StreamResponse.fromJSON(JSON.parse(frame.json));
    }
  }

  /** Runs an operation, announces the activated extensions to the transport, and translates what it throws. */
  async #do<Result>(
    context: ServerCallContext,
    operation: (operations: Operations, call: Call) => Promise<Result>,
  ): Promise<Result> {
    try {
      const call = this.#options.callOf(context);
      for (const uri of call.activated) context.addActivatedExtension(uri);
      return await operation(this.#options.operations, call);
    } catch (error) {
      throw sdkError(error);
    }
  }
}

async function refusePush(): Promise<never> {
  throw sdkError(
    new Problem('push_not_supported', 'Push notifications are not supported: subscribe to the task instead.'),
  );
}
