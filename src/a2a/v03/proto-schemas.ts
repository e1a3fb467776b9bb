import type { Json, JsonObject } from '../../runs/message.ts';
import {
  invalidField,
  optionalBoolean,
  optionalCount,
  optionalId,
  optionalIds,
  optionalName,
  optionalObject,
  optionalUris,
  paramsReader,
  parts,
  requiredId,
  uri,
  type Optional,
} from '../params.ts';
import { pushConfigSchema, type PushConfigParams } from './schemas.ts';

export type ProtoFileParams = Optional<{
  fileWithBytes: string;
  fileWithUri: string;
  mimeType: string;
  name: string;
}>;

/** The part's oneof, whose members stand beside each other in JSON. */
export type ProtoPartParams = Optional<{
  text: string;
  file: ProtoFileParams;
  data: { data: JsonObject };
  metadata: JsonObject;
}>;

export interface ProtoMessageParams extends Optional<{
  contextId: string;
  taskId: string;
  metadata: JsonObject;
  extensions: string[];
  referenceTaskIds: string[];
}> {
  messageId: string;
  role: 'ROLE_USER';
  content: ProtoPartParams[];
}

export interface ProtoSendParams {
  /** Its JSON name, and the one that it has in the proto: one of the two. */
  message?: ProtoMessageParams | null;
  request?: ProtoMessageParams | null;
  configuration?: Optional<{
    acceptedOutputModes: string[];
    blocking: boolean;
    historyLength: number;
    pushNotification: PushConfigParams;
  }> | null;
  metadata?: JsonObject | null;
}

const part = {
  type: 'object',
  properties: {
    text: { type: 'string', nullable: true },
    file: {
      ...optionalObject,
      properties: {
        fileWithBytes: { type: 'string', format: 'base64', nullable: true },
        fileWithUri: { ...uri, nullable: true },
        mimeType: optionalId,
        name: optionalName,
      },
    },
    data: { ...optionalObject, required: ['data'], properties: { data: { type: 'object' } } },
    metadata: optionalObject,
  },
};

const message = {
  ...optionalObject,
  required: ['messageId', 'role', 'content'],
  properties: {
    messageId: requiredId,
    role: { const: 'ROLE_USER' },
    content: { type: 'array', ...parts, items: part },
    contextId: optionalId,
    taskId: optionalId,
    metadata: optionalObject,
    extensions: optionalUris,
    referenceTaskIds: optionalIds,
  },
};

/** SendMessageRequest of the v0.3 proto. */
export const readSend = paramsReader<ProtoSendParams>({
  type: 'object',
  properties: {
    message,
    request: message,
    configuration: {
      ...optionalObject,
      properties: {
        acceptedOutputModes: optionalIds,
        blocking: optionalBoolean,
        historyLength: optionalCount,
        pushNotification: { ...pushConfigSchema, nullable: true },
      },
    },
    metadata: optionalObject,
  },
});

/** What GetTask has beside its task. */
export const readHistoryLength = paramsReader<Optional<{ historyLength: number }>>({
  type: 'object',
  properties: { historyLength: optionalCount },
});

export type ProtoPushConfigParams = Optional<{
  pushNotificationConfig: PushConfigParams;
  config: Optional<{ pushNotificationConfig: PushConfigParams }>;
  configId: string;
}>;

const nestedConfig = { ...pushConfigSchema, nullable: true };

/** TaskPushNotificationConfig as REST posts it, or inside CreateTaskPushNotificationConfigRequest. */
export const readPushConfig = paramsReader<ProtoPushConfigParams>({
  type: 'object',
  properties: {
    pushNotificationConfig: nestedConfig,
    config: { ...optionalObject, properties: { pushNotificationConfig: nestedConfig } },
    configId: optionalId,
  },
});

export type ProtoListParams = Record<string, Json>;

/** ListTasks has no message in the v0.3 proto; v1.0's parameters are taken. */
export const readListParams = paramsReader<ProtoListParams>({ type: 'object' });

const readNames = paramsReader<Optional<{ id: string; taskId: string; name: string; parent: string }>>({
  type: 'object',
  properties: { id: optionalId, taskId: optionalId, name: optionalName, parent: optionalName },
});

/**
 * The task that a request is about: `{id}` from a path, or `{name: "tasks/{id}"}`.
 * @throws Problem('invalid_request')
 */
export function readTaskId(params: unknown): string {
  const { id, name } = readNames(params);
  if (id) return id;
  if (!name) throw invalidField('id', 'is required');
  return parseName('name', name).taskId;
}

/**
 * The push notification config that a request is about: `{taskId, id?}` from a path, or the resource name
 * `tasks/{id}/pushNotificationConfigs/{id}` in `name`, or its beginning in `parent`.
 * @throws Problem('invalid_request')
 */
export function readConfigId(params: unknown): { taskId: string; id?: string } {
  const { taskId, id, name, parent } = readNames(params);
  if (taskId) return { taskId, ...(id && { id }) };
  if (name) return parseName('name', name);
  if (parent) return parseName('parent', parent);
  throw invalidField('taskId', 'is required');
}

/** The caller names its configs: a slash in such an id is no separator. */
const resourceName = /^tasks\/([^/]{1,256})(?:\/pushNotificationConfigs(?:\/(.{1,256})?)?)?$/s;

function parseName(field: string, name: string): { taskId: string; id?: string } {
  const [, taskId, id] = resourceName.exec(name) ?? [];
  if (taskId === undefined) throw invalidField(field, 'must be a resource name that begins with tasks/{id}');
  return { taskId, ...(id !== undefined && { id }) };
}
