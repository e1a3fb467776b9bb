import type { JsonObject } from '../../runs/message.ts';
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

/** `bytes` or `uri`: which one the codec decides. */
export type FileParams = Optional<{ bytes: string; uri: string; mimeType: string; name: string }>;

export type PartParams = { metadata?: JsonObject | null } & (
  { kind: 'text'; text: string } | { kind: 'file'; file: FileParams } | { kind: 'data'; data: JsonObject }
);

export interface MessageParams extends Optional<{
  contextId: string;
  taskId: string;
  metadata: JsonObject;
  extensions: string[];
  referenceTaskIds: string[];
}> {
  messageId: string;
  role: 'user';
  parts: PartParams[];
}

export interface SendParams {
  message: MessageParams;
  configuration?: Optional<{
    acceptedOutputModes: string[];
    blocking: boolean;
    historyLength: number;
    pushNotificationConfig: PushConfigParams;
  }> | null;
  metadata?: JsonObject | null;
}

/** v0.3 names the schemes that a receiver takes; the first one is used. */
export interface PushConfigParams extends Optional<{ id: string; token: string }> {
  url: string;
  authentication?: Optional<{ schemes: string[]; credentials: string }> | null;
}

export interface GetParams {
  id: string;
  historyLength?: number | null;
}

/** PushNotificationConfig: the same in both JSON forms of v0.3. */
export const pushConfigSchema = {
  type: 'object',
  required: ['url'],
  properties: {
    id: optionalId,
    url: uri,
    token: optionalToken,
    authentication: {
      ...optionalObject,
      properties: {
        schemes: { type: 'array', maxItems: 10, items: authenticationScheme, nullable: true },
        credentials: optionalToken,
      },
    },
  },
};

const file = {
  type: 'object',
  properties: {
    bytes: { type: 'string', format: 'base64', nullable: true },
    uri: { ...uri, nullable: true },
    mimeType: optionalId,
    name: optionalName,
  },
};

const part = {
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: [partOf('text', { type: 'string' }), partOf('file', file), partOf('data', { type: 'object' })],
};

/** A part of this kind has the member of the same name. */
function partOf(kind: string, content: object): object {
  return {
    type: 'object',
    required: ['kind', kind],
    properties: { kind: { const: kind }, [kind]: content, metadata: optionalObject },
  };
}

/** MessageSendParams (v0.3 spec §7.1.1). */
export const readSend = paramsReader<SendParams>({
  type: 'object',
  required: ['message'],
  properties: {
    message: {
      type: 'object',
      required: ['messageId', 'role', 'parts'],
      properties: {
        kind: { enum: ['message', null] },
        messageId: requiredId,
        role: { const: 'user' },
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
        blocking: optionalBoolean,
        historyLength: optionalCount,
        pushNotificationConfig: { ...pushConfigSchema, nullable: true },
      },
    },
    metadata: optionalObject,
  },
});

/** TaskQueryParams (v0.3 spec §7.3.1). */
export const readGet = paramsReader<GetParams>({
  type: 'object',
  required: ['id'],
  properties: { id: requiredId, historyLength: optionalCount },
});

/** TaskIdParams (v0.3 spec §7.4.1). */
export const readTaskId = paramsReader<{ id: string }>({
  type: 'object',
  required: ['id'],
  properties: { id: requiredId },
});

/** TaskPushNotificationConfig (v0.3 spec §7.5). */
export const readPushConfig = paramsReader<{ taskId: string; pushNotificationConfig: PushConfigParams }>({
  type: 'object',
  required: ['taskId', 'pushNotificationConfig'],
  properties: { taskId: requiredId, pushNotificationConfig: pushConfigSchema },
});

/** GetTaskPushNotificationConfigParams and its twin for delete (v0.3 spec §7.6, §7.8). */
export const readPushConfigQuery = paramsReader<{ id: string; pushNotificationConfigId?: string | null }>({
  type: 'object',
  required: ['id'],
  properties: { id: requiredId, pushNotificationConfigId: optionalId },
});
