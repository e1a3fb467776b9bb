import {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import { A2AService as methods } from '@a2a-js/sdk/server/grpc';
import { v1Codec } from '../v1/codec.ts';
import { procedure, type GrpcService, type Translation } from './service.ts';

/** A message of the SDK's own: its JSON form is the ProtoJSON that the codec speaks. */
interface MessageType<T> {
  toJSON(message: T): unknown;
  fromJSON(json: unknown): T;
}

function translation<Request, Response>(
  request: MessageType<Request>,
  response: Pick<MessageType<Response>, 'fromJSON'>,
): Translation<Request, Response> {
  return { toJson: (message) => request.toJSON(message), fromJson: (json) => response.fromJSON(json) };
}

/** `google.protobuf.Empty` */
const Empty = { fromJSON: () => ({}) };

/** A2A v1.0 over gRPC (spec §10). */
export const v1Service: GrpcService = {
  name: 'lf.a2a.v1.A2AService',
  codec: v1Codec,
  procedures: [
    procedure('sendMessage', methods.sendMessage, translation(SendMessageRequest, SendMessageResponse)),
    procedure(
      'sendStreamingMessage',
      methods.sendStreamingMessage,
      translation(SendMessageRequest, StreamResponse),
    ),
    procedure('getTask', methods.getTask, translation(GetTaskRequest, Task)),
    procedure('listTasks', methods.listTasks, translation(ListTasksRequest, ListTasksResponse)),
    procedure('cancelTask', methods.cancelTask, translation(CancelTaskRequest, Task)),
    procedure(
      'subscribeToTask',
      methods.subscribeToTask,
      translation(SubscribeToTaskRequest, StreamResponse),
    ),
    procedure(
      'createPushConfig',
      methods.createTaskPushNotificationConfig,
      translation(TaskPushNotificationConfig, TaskPushNotificationConfig),
    ),
    procedure(
      'getPushConfig',
      methods.getTaskPushNotificationConfig,
      translation(GetTaskPushNotificationConfigRequest, TaskPushNotificationConfig),
    ),
    procedure(
      'listPushConfigs',
      methods.listTaskPushNotificationConfigs,
      translation(ListTaskPushNotificationConfigsRequest, ListTaskPushNotificationConfigsResponse),
    ),
    procedure(
      'deletePushConfig',
      methods.deleteTaskPushNotificationConfig,
      translation(DeleteTaskPushNotificationConfigRequest, Empty),
    ),
    procedure(
      'getExtendedCard',
      methods.getExtendedAgentCard,
      translation(GetExtendedAgentCardRequest, AgentCard),
    ),
  ],
};
