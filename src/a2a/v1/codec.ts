import type { Json, Message, Part } from '../../runs/message.ts';
import { invalidField, withoutEmpty } from '../params.ts';
import type {
  Codec,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  OperationName,
  PushConfig,
  PushConfigRequest,
  SendMessageRequest,
  SendResult,
  StreamResponse,
  Task,
} from '../wire.ts';
import { withJsonNames, type MessageTree } from '../proto-names.ts';
import {
  readGet,
  readList,
  readPushConfig,
  readPushConfigId,
  readPushConfigList,
  readSend,
  readTaskId,
  type ListParams,
  type MessageParams,
  type PartParams,
  type PushConfigParams,
} from './schemas.ts';

const methods: ReadonlyMap<string, OperationName> = new Map([
  ['SendMessage', 'sendMessage'],
  ['SendStreamingMessage', 'sendStreamingMessage'],
  ['GetTask', 'getTask'],
  ['ListTasks', 'listTasks'],
  ['CancelTask', 'cancelTask'],
  ['SubscribeToTask', 'subscribeToTask'],
  ['CreateTaskPushNotificationConfig', 'createPushConfig'],
  ['GetTaskPushNotificationConfig', 'getPushConfig'],
  ['ListTaskPushNotificationConfigs', 'listPushConfigs'],
  ['DeleteTaskPushNotificationConfig', 'deletePushConfig'],
  ['GetExtendedAgentCard', 'getExtendedCard'],
]);

/** The messages of its requests: fields may be named as in the proto. */
const messages: MessageTree = {
  '': ['message', 'configuration', 'authentication'],
  message: ['parts'],
  configuration: ['taskPushNotificationConfig', 'pushNotificationConfig'],
  taskPushNotificationConfig: ['authentication'],
  pushNotificationConfig: ['authentication'],
};

const named = (params: unknown): unknown => withJsonNames(params, messages);

/** A2A v1.0: the neutral model is its ProtoJSON, so encoding only leaves out what is empty. */
export const v1Codec: Codec = {
  version: '1.0',
  dialect: '1.0',
  extensionsHeader: 'A2A-Extensions',
  methods,
  decodeSend,
  decodeGet(params) {
    const { id, historyLength } = readGet(named(params));
    return withoutEmpty<GetTaskRequest>({ id, historyLength });
  },
  decodeTaskId: (params) => ({ id: readTaskId(named(params)).id }),
  decodeList: (params) => decodeList(readList(named(params ?? {}))),
  decodePushConfig(params) {
    const config = readPushConfig(named(params));
    return { taskId: config.taskId, ...decodePushConfig(config) };
  },
  decodePushConfigId: (params) => {
    const { taskId, id } = readPushConfigId(named(params));
    return { taskId, id };
  },
  decodePushConfigList: (params) => ({ taskId: readPushConfigList(named(params)).taskId }),
  encodeSendResult: (result) => asJson('task' in result ? { task: withoutEmpty<Task>(result.task) } : result),
  encodeTask: (task) => asJson(withoutEmpty<Task>(task)),
  encodeList: (page) => asJson({ ...page, tasks: page.tasks.map((task) => withoutEmpty<Task>(task)) }),
  encodePushConfig,
  encodePushConfigs: (configs) => ({ configs: configs.map(encodePushConfig) }),
  encodeExtendedCard: ({ v1 }) => v1,
  encodeEvent(event) {
    if ('task' in event) return JSON.stringify({ task: withoutEmpty<Task>(event.task) });
    if (!('artifactUpdate' in event)) return JSON.stringify(event);
    const { append, lastChunk } = event.artifactUpdate;
    if (append !== false && lastChunk !== false) return JSON.stringify(event);
    const flags = { append: append || undefined, lastChunk: lastChunk || undefined };
    return JSON.stringify({ artifactUpdate: { ...event.artifactUpdate, ...flags } });
  },
};

function decodeSend(params: unknown): SendMessageRequest {
  const { message, configuration, metadata } = readSend(named(params));
  // The name of v1.0.1, and the one that it had before.
  const pushConfig = configuration?.taskPushNotificationConfig ?? configuration?.pushNotificationConfig;
  return withoutEmpty<SendMessageRequest>({
    message: decodeMessage(message),
    blocking: !configuration?.returnImmediately,
    historyLength: configuration?.historyLength,
    acceptedOutputModes: configuration?.acceptedOutputModes,
    pushConfig: pushConfig ? decodePushConfig(pushConfig) : undefined,
    metadata,
  });
}

function decodePushConfig({ id, url, token, authentication }: PushConfigParams): PushConfigRequest {
  return withoutEmpty<PushConfigRequest>({
    id,
    url,
    token,
    authentication:
      authentication &&
      withoutEmpty({ schemes: [authentication.scheme], credentials: authentication.credentials }),
  });
}

function encodePushConfig({ authentication, ...config }: PushConfig): Json {
  if (!authentication) return { ...config };
  const { schemes, credentials } = authentication;
  return {
    ...config,
    authentication: { scheme: schemes[0] ?? '', ...(credentials !== undefined && { credentials }) },
  };
}

function decodeMessage(message: MessageParams): Message {
  return withoutEmpty<Message>({
    messageId: message.messageId,
    role: message.role,
    parts: message.parts.map(decodePart),
    contextId: message.contextId,
    taskId: message.taskId,
    metadata: message.metadata,
    extensions: message.extensions,
    referenceTaskIds: message.referenceTaskIds,
  });
}

function decodePart(part: PartParams, index: number): Part {
  return {
    ...decodeContent(part, index),
    ...withoutEmpty<Part>({ mediaType: part.mediaType, filename: part.filename, metadata: part.metadata }),
  };
}

/** The part's oneof. A null says "not this one", unless it is all that the part says: then it is the datum. */
function decodeContent({ text, raw, url, data }: PartParams, index: number): Part {
  const content = Object.entries({ text, raw, url, data }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  if (content.length === 0 && data === null) return { data };
  if (content.length !== 1) {
    throw invalidField(`message.parts[${index}]`, 'must have exactly one of text, raw, url and data');
  }
  return Object.fromEntries(content);
}

function decodeList(params: ListParams): ListTasksRequest {
  const { contextId, status, pageSize, pageToken, historyLength, statusTimestampAfter } = params;
  return withoutEmpty<ListTasksRequest>({
    contextId,
    status: status === 'TASK_STATE_UNSPECIFIED' ? undefined : status,
    pageSize: pageSize ?? 50,
    pageToken,
    historyLength,
    statusTimestampAfter: statusTimestampAfter ? decodeTime(statusTimestampAfter) : undefined,
    includeArtifacts: params.includeArtifacts ?? false,
  });
}

function decodeTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalidField('statusTimestampAfter', 'must be an ISO 8601 time');
  return time;
}

/** The wire's types are JSON by construction, which interfaces cannot say. */
function asJson(value: Task | ListTasksResponse | StreamResponse | SendResult): Json {
  return value as unknown as Json;
}
