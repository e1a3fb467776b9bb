import type { Json, JsonObject } from '../../runs/message.ts';
import { Problem } from '../../http/problem.ts';
import { invalidField, withoutEmpty } from '../params.ts';
import type {
  Codec,
  GetTaskRequest,
  OperationName,
  PushConfig,
  PushConfigRequest,
  SendMessageRequest,
  SendResult,
  StreamResponse,
} from '../wire.ts';
import {
  readGet,
  readPushConfig,
  readPushConfigQuery,
  readSend,
  readTaskId,
  type PushConfigParams,
} from './schemas.ts';
import { decodeMessage, encodeArtifact, encodeMessage, encodeStatus, encodeTask } from './translate.ts';

const methods: ReadonlyMap<string, OperationName> = new Map([
  ['message/send', 'sendMessage'],
  ['message/stream', 'sendStreamingMessage'],
  ['tasks/get', 'getTask'],
  ['tasks/cancel', 'cancelTask'],
  ['tasks/resubscribe', 'subscribeToTask'],
  ['tasks/pushNotificationConfig/set', 'createPushConfig'],
  ['tasks/pushNotificationConfig/get', 'getPushConfig'],
  ['tasks/pushNotificationConfig/list', 'listPushConfigs'],
  ['tasks/pushNotificationConfig/delete', 'deletePushConfig'],
  ['agent/getAuthenticatedExtendedCard', 'getExtendedCard'],
]);

/** A2A v0.3 over JSON-RPC. It has no ListTasks. */
export const v03Codec: Codec = {
  version: '0.3',
  dialect: '0.3',
  extensionsHeader: 'X-A2A-Extensions',
  methods,
  decodeSend,
  decodeGet(params) {
    const { id, historyLength } = readGet(params);
    return withoutEmpty<GetTaskRequest>({ id, historyLength });
  },
  decodeTaskId: (params) => ({ id: readTaskId(params).id }),
  decodeList: noListTasks,
  decodePushConfig(params) {
    const { taskId, pushNotificationConfig } = readPushConfig(params);
    return { taskId, id: defaultConfigId, ...decodePushConfig(pushNotificationConfig) };
  },
  decodePushConfigId(params) {
    const { id, pushNotificationConfigId } = readPushConfigQuery(params);
    return { taskId: id, ...(pushNotificationConfigId && { id: pushNotificationConfigId }) };
  },
  decodePushConfigList: (params) => ({ taskId: readTaskId(params).id }),
  encodeSendResult,
  encodeTask,
  encodeList: noListTasks,
  encodePushConfig,
  encodePushConfigs: (configs) => configs.map(encodePushConfig),
  encodeExtendedCard: ({ v03 }) => v03,
  encodeEvent: (event, endsStream) => JSON.stringify(encodeEvent(event, endsStream)),
};

function decodeSend(params: unknown): SendMessageRequest {
  const { message, configuration, metadata } = readSend(params);
  const pushConfig = configuration?.pushNotificationConfig;
  return withoutEmpty<SendMessageRequest>({
    message: decodeMessage(message),
    blocking: isBlocking(configuration),
    historyLength: configuration?.historyLength,
    acceptedOutputModes: configuration?.acceptedOutputModes,
    pushConfig: pushConfig ? decodePushConfig(pushConfig) : undefined,
    metadata,
  });
}

/** PushNotificationConfig → neutral; the same in both JSON forms of v0.3. */
export function decodePushConfig({ id, url, token, authentication }: PushConfigParams): PushConfigRequest {
  const { schemes, credentials } = authentication ?? {};
  // Proto-JSON writes an authentication that is not set as an empty one.
  if (credentials && !schemes?.length)
    throw invalidField('authentication.schemes', 'must name a scheme for the credentials');
  return withoutEmpty<PushConfigRequest>({
    id,
    url,
    token,
    authentication: schemes?.length ? { schemes, ...(credentials && { credentials }) } : undefined,
  });
}

function encodePushConfig({ taskId, authentication, ...config }: PushConfig): Json {
  return {
    taskId,
    pushNotificationConfig: { ...config, ...(authentication && { authentication: { ...authentication } }) },
  };
}

function encodeSendResult(result: SendResult): Json {
  return 'task' in result ? encodeTask(result.task) : encodeMessage(result.message);
}

/** `set` without an id is about the one config that a task has then: the next one replaces it. */
export const defaultConfigId = 'default';

/** Without a configuration the answer waits; one that says nothing of blocking does not. */
export function isBlocking(configuration: { blocking?: boolean | null } | null | undefined): boolean {
  return configuration ? (configuration.blocking ?? false) : true;
}

function encodeEvent(event: StreamResponse, endsStream: boolean): JsonObject {
  if ('task' in event) return encodeTask(event.task);
  if ('message' in event) return encodeMessage(event.message);
  if ('statusUpdate' in event) {
    const { taskId, contextId, status, metadata } = event.statusUpdate;
    const update: JsonObject = {
      kind: 'status-update',
      taskId,
      contextId,
      status: encodeStatus(status),
      final: endsStream,
    };
    if (metadata) update['metadata'] = metadata;
    return update;
  }
  const { taskId, contextId, artifact, append = false, lastChunk = false, metadata } = event.artifactUpdate;
  return {
    kind: 'artifact-update',
    taskId,
    contextId,
    artifact: encodeArtifact(artifact),
    append,
    lastChunk,
    ...(metadata && { metadata }),
  };
}

function noListTasks(): never {
  throw new Problem('method_not_found', 'A2A 0.3 has no method to list tasks; use ListTasks of A2A 1.0.');
}
