import { randomUUID } from 'node:crypto';
import { Role, type Part as V1Part, type SendMessageRequest } from '@a2a-js/sdk';
import type { MessageSendParams, Part as V03Part } from 'a2a-js-sdk-v0-3';

/** A part as tests write it, for the SDK clients of both versions. */
export type SentPart =
  | { text: string }
  | { data: object }
  | { raw: Buffer; mediaType: string; filename?: string }
  | { url: string; mediaType: string };

export interface SentOptions {
  messageId?: string;
  taskId?: string;
  contextId?: string;
  acceptedOutputModes?: string[];
  referenceTaskIds?: string[];
}

/** What the v1.0 SDK client sends. */
export function sendingV1(parts: readonly SentPart[], options: SentOptions = {}): SendMessageRequest {
  const {
    messageId = randomUUID(),
    taskId = '',
    contextId = '',
    acceptedOutputModes = [],
    referenceTaskIds = [],
  } = options;
  const message = {
    messageId,
    contextId,
    taskId,
    role: Role.ROLE_USER,
    parts: parts.map(v1Part),
    metadata: undefined,
    extensions: [],
    referenceTaskIds,
  };
  const configuration = {
    acceptedOutputModes,
    taskPushNotificationConfig: undefined,
    returnImmediately: false,
  };
  return { tenant: '', message, configuration, metadata: undefined };
}

function v1Part(part: SentPart): V1Part {
  const unset = { metadata: undefined, filename: '', mediaType: '' };
  if ('text' in part) return { ...unset, content: { $case: 'text', value: part.text } };
  if ('data' in part) return { ...unset, content: { $case: 'data', value: part.data } };
  if ('url' in part)
    return { ...unset, content: { $case: 'url', value: part.url }, mediaType: part.mediaType };
  const { raw, mediaType, filename = '' } = part;
  return { ...unset, content: { $case: 'raw', value: raw }, mediaType, filename };
}

/** What the v0.3 SDK client sends. */
export function sendingV03(parts: readonly SentPart[], options: SentOptions = {}): MessageSendParams {
  const { acceptedOutputModes, ...fields } = options;
  return {
    message: {
      kind: 'message',
      messageId: randomUUID(),
      role: 'user',
      parts: parts.map(v03Part),
      ...fields,
    },
    configuration: { blocking: true, ...(acceptedOutputModes && { acceptedOutputModes }) },
  };
}

function v03Part(part: SentPart): V03Part {
  if ('text' in part) return { kind: 'text', text: part.text };
  if ('data' in part) return { kind: 'data', data: { ...part.data } };
  if ('url' in part) return { kind: 'file', file: { uri: part.url, mimeType: part.mediaType } };
  const { raw, mediaType, filename } = part;
  return {
    kind: 'file',
    file: { bytes: raw.toString('base64'), mimeType: mediaType, ...(filename && { name: filename }) },
  };
}
