import type { Json, JsonObject } from '../../runs/message.ts';
import { invalidField, withoutEmpty } from '../params.ts';
import { withJsonNames, type MessageTree } from '../proto-names.ts';
import { v1Codec } from '../v1/codec.ts';
import type {
  Codec,
  GetTaskRequest,
  ListTasksRequest,
  PushConfig,
  PushConfigRequest,
  SendMessageRequest,
  SendResult,
  StreamResponse,
} from '../wire.ts';
import { decodePushConfig, defaultConfigId, isBlocking } from './codec.ts';
import { encodeCard } from './proto-card.ts';
import {
  readConfigId,
  readHistoryLength,
  readListParams,
  readPushConfig,
  readSend,
  readTaskId,
} from './proto-schemas.ts';
import { decodeMessage, encodeArtifact, encodeMessage, encodeStatus, encodeTask } from './proto-translate.ts';

/** The messages of its requests: fields may be named as in the proto, and v0.3's clients in Python do. */
const messages: MessageTree = {
  '': ['message', 'request', 'configuration', 'config', 'pushNotificationConfig'],
  message: ['content'],
  request: ['content'],
  content: ['file'],
  configuration: ['pushNotification'],
  pushNotification: ['authentication'],
  config: ['pushNotificationConfig'],
  pushNotificationConfig: ['authentication'],
};

const named = (params: unknown): unknown => withJsonNames(params, messages);

/**
 * A2A v0.3 as its HTTP+JSON and gRPC bindings speak it: the ProtoJSON form of its proto (v0.3 spec §3.2.2, §3.2.3).
 * Requests may name their task by the ids of a path or by a resource name.
 */
export const v03ProtoCodec: Codec = {
  version: '0.3',
  dialect: '0.3-proto',
  extensionsHeader: 'X-A2A-Extensions',
  methods: new Map(),
  decodeSend,
  decodeGet(params) {
    const { historyLength } = readHistoryLength(named(params));
    return withoutEmpty<GetTaskRequest>({ id: readTaskId(params), historyLength });
  },
  decodeTaskId: (params) => ({ id: readTaskId(params) }),
  decodeList,
  decodePushConfig: decodeNewPushConfig,
  decodePushConfigId: readConfigId,
  decodePushConfigList: (params) => ({ taskId: readConfigId(params).taskId }),
  encodeSendResult,
  encodeTask,
  // v0.3 spec §7.3.2: the tasks alone.
  encodeList: ({ tasks }) => tasks.map(encodeTask),
  encodePushConfig,
  encodePushConfigs: (configs) => ({ configs: configs.map(encodePushConfig), nextPageToken: '' }),
  encodeExtendedCard: ({ v03 }) => encodeCard(v03),
  encodeEvent: (event, endsStream) => JSON.stringify(encodeEvent(event, endsStream)),
};

function decodeSend(params: unknown): SendMessageRequest {
  const { message, request, configuration, metadata } = readSend(named(params));
  const sent = message ?? request;
  if (!sent) throw invalidField('message', 'is required');
  const pushConfig = configuration?.pushNotification;
  return withoutEmpty<SendMessageRequest>({
    message: decodeMessage(sent, message ? 'message' : 'request'),
    blocking: isBlocking(configuration),
    historyLength: configuration?.historyLength,
    acceptedOutputModes: configuration?.acceptedOutputModes,
    pushConfig: pushConfig ? decodePushConfig(pushConfig) : undefined,
    metadata,
  });
}

function decodeList(params: unknown): ListTasksRequest {
  const list = readListParams(named(params ?? {}));
  return v1Codec.decodeList(
    list['status'] === 'TASK_STATE_CANCELLED' ? { ...list, status: 'TASK_STATE_CANCELED' } : list,
  );
}

function decodeNewPushConfig(params: unknown): PushConfigRequest & { taskId: string } {
  const { pushNotificationConfig, config, configId } = readPushConfig(named(params));
  const sent = pushNotificationConfig ?? config?.pushNotificationConfig;
  if (!sent) throw invalidField('pushNotificationConfig', 'is required');
  const { taskId } = readConfigId(params);
  return { taskId, id: configId || defaultConfigId, ...decodePushConfig(sent) };
}

function encodePushConfig({ taskId, authentication, ...config }: PushConfig): JsonObject {
  return {
    name: `tasks/${taskId}/pushNotificationConfigs/${config.id}`,
    pushNotificationConfig: { ...config, ...(authentication && { authentication: { ...authentication } }) },
  };
}

function encodeSendResult(result: SendResult): Json {
  return 'task' in result ? { task: encodeTask(result.task) } : { message: encodeMessage(result.message) };
}

function encodeEvent(event: StreamResponse, endsStream: boolean): JsonObject {
  if ('task' in event) return { task: encodeTask(event.task) };
  if ('message' in event) return { message: encodeMessage(event.message) };
  if ('statusUpdate' in event) {
    const { taskId, contextId, status, metadata } = event.statusUpdate;
    return {
      statusUpdate: {
        taskId,
        contextId,
        status: encodeStatus(status),
        ...(endsStream && { final: true }),
        ...(metadata && { metadata }),
      },
    };
  }
  const { taskId, contextId, artifact, append, lastChunk, metadata } = event.artifactUpdate;
  return {
    artifactUpdate: {
      taskId,
      contextId,
      artifact: encodeArtifact(artifact),
      ...(append && { append }),
      ...(lastChunk && { lastChunk }),
      ...(metadata && { metadata }),
    },
  };
}
