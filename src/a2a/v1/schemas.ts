import type { Json, JsonObject } from '../../runs/message.ts';
import {
  authenticationScheme,
  optionalBoolean,
  optionalCount,
  optionalId,
  optionalIds,
  optionalName,
  optionalObject,
  optionalToken,
  optionalUris,
  paramsReader,
  parts,
  requiredId,
  uri,
  type Optional,
} from '../params.ts';
import type { TaskState } from '../wire.ts';

export type PartParams = Optional<{
  text: string;
  raw: string;
  url: string;
  data: Json;
  mediaType: string;
  filename: string;
  metadata: JsonObject;
}>;

export interface MessageParams extends Optional<{
  contextId: string;
  taskId: string;
  metadata: JsonObject;
  extensions: string[];
  referenceTaskIds: string[];
}> {
  messageId: string;
  role: 'ROLE_USER';
  parts: PartParams[];
}

export interface SendParams {
  message: MessageParams;
  configuration?: Optional<{
    acceptedOutputModes: string[];
    historyLength: number;
    returnImmediately: boolean;
    taskPushNotificationConfig: PushConfigParams;
    pushNotificationConfig: PushConfigParams;
  }> | null;
  metadata?: JsonObject | null;
}

export interface PushConfigParams extends Optional<{ id: string; token: string }> {
  url: string;
  authentication?: ({ scheme: string } & Optional<{ credentials: string }>) | null;
}

export interface GetParams {
  id: string;
  historyLength?: number | null;
}

export type ListParams = Optional<{
  contextId: string;
  status: TaskState | 'TASK_STATE_UNSPECIFIED';
  pageSize: number;
  pageToken: string;
  historyLength: number;
  statusTimestampAfter: string;
  includeArtifacts: boolean;
}>;

const pushConfigProperties = {
  id: optionalId,
  url: uri,
  token: optionalToken,
  authentication: {
    ...optionalObject,
    required: ['scheme'],
    properties: { scheme: authenticationScheme, credentials: optionalToken },
  },
};

/** PushNotificationConfig inside a send: the task is the one that the message is for. */
const inlinePushConfig = { ...optionalObject, required: ['url'], properties: pushConfigProperties };

const part = {
  type: 'object',
  properties: {
    text: { type: 'string', nullable: true },
    raw: { type: 'string', format: 'base64', nullable: true },
    url: { ...uri, nullable: true },
    mediaType: optionalId,
    filename: optionalName,
    metadata: optionalObject,
  },
};

/** SendMessageRequest (spec §3.2.1); `tenant` is the path's business. */
export const readSend = paramsReader<SendParams>({
  type: 'object',
  required: ['message'],
  properties: {
    message: {
      type: 'object',
      required: ['messageId', 'role', 'parts'],
      properties: {
        messageId: requiredId,
        role: { const: 'ROLE_USER' },
        parts: { type: 'array', ...parts, items: part },
        contextId: optionalId,
        taskId: optionalId,
        metadata: optionalObject,
        extensions: optionalUris,
        referenceTaskIds: optionalIds,
      },
    },
    configuration: {
      ...optionalObject,
      properties: {
        acceptedOutputModes: optionalIds,
        historyLength: optionalCount,
        returnImmediately: optionalBoolean,
        taskPushNotificationConfig: inlinePushConfig,
        pushNotificationConfig: inlinePushConfig,
      },
    },
    metadata: optionalObject,
  },
});

/** GetTaskRequest (spec §3.1.3). */
export const readGet = paramsReader<GetParams>({
  type: 'object',
  required: ['id'],
  properties: { id: requiredId, historyLength: optionalCount },
});

/** CancelTaskRequest and SubscribeToTaskRequest (spec §3.1.5, §3.1.6). */
export const readTaskId = paramsReader<{ id: string }>({
  type: 'object',
  required: ['id'],
  properties: { id: requiredId },
});

/** TaskPushNotificationConfig (spec §3.1.7). */
export const readPushConfig = paramsReader<PushConfigParams & { taskId: string }>({
  type: 'object',
  required: ['taskId', 'url'],
  properties: { taskId: requiredId, ...pushConfigProperties },
});

/** GetTaskPushNotificationConfigRequest and DeleteTaskPushNotificationConfigRequest (spec §3.1.8, §3.1.10). */
export const readPushConfigId = paramsReader<{ taskId: string; id: string }>({
  type: 'object',
  required: ['taskId', 'id'],
  properties: { taskId: requiredId, id: requiredId },
});

/** ListTaskPushNotificationConfigsRequest (spec §3.1.9); a task has few of them, so there is one page. */
export const readPushConfigList = paramsReader<{ taskId: string }>({
  type: 'object',
  required: ['taskId'],
  properties: { taskId: requiredId },
});

const listableStates: readonly (TaskState | 'TASK_STATE_UNSPECIFIED' | null)[] = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
  'TASK_STATE_UNSPECIFIED',
  null,
];

/** ListTasksRequest (spec §3.1.4). */
export const readList = paramsReader<ListParams>({
  type: 'object',
  properties: {
    contextId: optionalId,
    status: { enum: listableStates },
    pageSize: { type: 'integer', minimum: 1, maximum: 100, nullable: true },
    pageToken: optionalName,
    historyLength: optionalCount,
    statusTimestampAfter: { type: 'string', format: 'date-time', nullable: true },
    includeArtifacts: optionalBoolean,
  },
});
