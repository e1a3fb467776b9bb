import type { Json, JsonObject, Message, Part } from '../../runs/message.ts';
import { invalidField, withoutEmpty } from '../params.ts';
import type { Artifact, Task, TaskState, TaskStatus } from '../wire.ts';
import type { FileParams, MessageParams, PartParams } from './schemas.ts';

const states: Readonly<Record<TaskState, string>> = {
  TASK_STATE_SUBMITTED: 'submitted',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_REJECTED: 'rejected',
  TASK_STATE_INPUT_REQUIRED: 'input-required',
  TASK_STATE_AUTH_REQUIRED: 'auth-required',
};

/** v0.3 message → neutral. @throws Problem('invalid_request') for a file without exactly one content. */
export function decodeMessage(message: MessageParams): Message {
  return withoutEmpty<Message>({
    messageId: message.messageId,
    role: 'ROLE_USER',
    parts: message.parts.map(decodePart),
    contextId: message.contextId,
    taskId: message.taskId,
    metadata: message.metadata,
    extensions: message.extensions,
    referenceTaskIds: message.referenceTaskIds,
  });
}

function decodePart(part: PartParams, index: number): Part {
  const metadata = part.metadata ? { metadata: part.metadata } : {};
  if (part.kind === 'text') return { text: part.text, ...metadata };
  if (part.kind === 'data') return { data: part.data, ...metadata };
  return { ...decodeFile(part.file, index), ...metadata };
}

function decodeFile({ bytes, uri, mimeType, name }: FileParams, index: number): Part {
  const hasBytes = typeof bytes === 'string';
  if (hasBytes === (typeof uri === 'string')) {
    throw invalidField(`message.parts[${index}].file`, 'must have exactly one of bytes and uri');
  }
  return {
    ...(hasBytes ? { raw: bytes } : { url: uri ?? '' }),
    ...withoutEmpty<Part>({ mediaType: mimeType, filename: name }),
  };
}

/** Neutral task → v0.3 task. */
export function encodeTask(task: Task): JsonObject {
  const result: JsonObject = {
    kind: 'task',
    id: task.id,
    contextId: task.contextId,
    status: encodeStatus(task.status),
  };
  if (task.history?.length) result['history'] = task.history.map(encodeMessage);
  if (task.artifacts?.length) result['artifacts'] = task.artifacts.map(encodeArtifact);
  if (task.metadata) result['metadata'] = task.metadata;
  return result;
}

/** Neutral status → v0.3 status. */
export function encodeStatus(status: TaskStatus): JsonObject {
  const result: JsonObject = { state: states[status.state], timestamp: status.timestamp };
  if (status.message) result['message'] = encodeMessage(status.message);
  return result;
}

/** Neutral message → v0.3 message. */
export function encodeMessage(message: Message): JsonObject {
  const result: JsonObject = {
    kind: 'message',
    role: message.role === 'ROLE_USER' ? 'user' : 'agent',
    messageId: message.messageId,
    parts: message.parts.map(encodePart),
  };
  if (message.contextId) result['contextId'] = message.contextId;
  if (message.taskId) result['taskId'] = message.taskId;
  if (message.metadata) result['metadata'] = message.metadata;
  if (message.extensions?.length) result['extensions'] = message.extensions;
  if (message.referenceTaskIds?.length) result['referenceTaskIds'] = message.referenceTaskIds;
  return result;
}

/** Neutral artifact → v0.3 artifact. */
export function encodeArtifact(artifact: Artifact): JsonObject {
  const result: JsonObject = { artifactId: artifact.artifactId, parts: artifact.parts.map(encodePart) };
  if (artifact.name) result['name'] = artifact.name;
  if (artifact.description) result['description'] = artifact.description;
  if (artifact.metadata) result['metadata'] = artifact.metadata;
  if (artifact.extensions?.length) result['extensions'] = artifact.extensions;
  return result;
}

/** Neutral part → v0.3 part; text and data parts have no media type there. */
export function encodePart(part: Part): JsonObject {
  const result = encodeContent(part);
  if (part.metadata) result['metadata'] = part.metadata;
  return result;
}

function encodeContent(part: Part): JsonObject {
  if (part.text !== undefined) return { kind: 'text', text: part.text };
  if (part.raw !== undefined) return { kind: 'file', file: encodeFile({ bytes: part.raw }, part) };
  if (part.url !== undefined) return { kind: 'file', file: encodeFile({ uri: part.url }, part) };
  return { kind: 'data', data: asObject(part.data ?? null) };
}

function encodeFile(content: JsonObject, part: Part): JsonObject {
  if (part.mediaType) content['mimeType'] = part.mediaType;
  if (part.filename) content['name'] = part.filename;
  return content;
}

/** v0.3 data is always an object (v0.3 spec §6.5.3). */
export function asObject(data: Json): JsonObject {
  return data !== null && typeof data === 'object' && !Array.isArray(data) ? data : { value: data };
}
