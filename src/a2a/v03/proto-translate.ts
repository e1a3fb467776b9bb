import type { JsonObject, Message, Part } from '../../runs/message.ts';
import { invalidField, withoutEmpty } from '../params.ts';
import type { Artifact, Task, TaskStatus } from '../wire.ts';
import type { ProtoFileParams, ProtoMessageParams, ProtoPartParams } from './proto-schemas.ts';
import { asObject } from './translate.ts';

/** Proto-JSON message of v0.3 → neutral. @throws Problem('invalid_request') for a part without exactly one content. */
export function decodeMessage(message: ProtoMessageParams, field: string): Message {
  return withoutEmpty<Message>({
    messageId: message.messageId,
    role: 'ROLE_USER',
    parts: message.content.map((part, index) => decodePart(part, `${field}.content[${index}]`)),
    contextId: message.contextId,
    taskId: message.taskId,
    metadata: message.metadata,
    extensions: message.extensions,
    referenceTaskIds: message.referenceTaskIds,
  });
}

function decodePart({ text, file, data, metadata }: ProtoPartParams, field: string): Part {
  const contents: Part[] = [];
  if (typeof text === 'string') contents.push({ text });
  if (file) contents.push(decodeFile(file, `${field}.file`));
  if (data) contents.push({ data: data.data });
  const [content] = contents;
  if (!content || contents.length > 1)
    throw invalidField(field, 'must have exactly one of text, file and data');
  return { ...content, ...(metadata && { metadata }) };
}

function decodeFile({ fileWithBytes, fileWithUri, mimeType, name }: ProtoFileParams, field: string): Part {
  const hasBytes = typeof fileWithBytes === 'string';
  if (hasBytes === (typeof fileWithUri === 'string')) {
    throw invalidField(field, 'must have exactly one of fileWithBytes and fileWithUri');
  }
  return {
    ...(hasBytes ? { raw: fileWithBytes } : { url: fileWithUri ?? '' }),
    ...withoutEmpty<Part>({ mediaType: mimeType, filename: name }),
  };
}

/** Neutral task → proto-JSON task of v0.3. */
export function encodeTask(task: Task): JsonObject {
  const result: JsonObject = {
    id: task.id,
    contextId: task.contextId,
    status: encodeStatus(task.status),
  };
  if (task.artifacts?.length) result['artifacts'] = task.artifacts.map(encodeArtifact);
  if (task.history?.length) result['history'] = task.history.map(encodeMessage);
  if (task.metadata) result['metadata'] = task.metadata;
  return result;
}

/** Neutral status → proto-JSON status of v0.3, which spells one state its own way. */
export function encodeStatus({ state, message, timestamp }: TaskStatus): JsonObject {
  return {
    state: state === 'TASK_STATE_CANCELED' ? 'TASK_STATE_CANCELLED' : state,
    ...(message && { message: encodeMessage(message) }),
    timestamp,
  };
}

/** Neutral message → proto-JSON message of v0.3, which has no reference tasks. */
export function encodeMessage(message: Message): JsonObject {
  const result: JsonObject = { messageId: message.messageId };
  if (message.contextId) result['contextId'] = message.contextId;
  if (message.taskId) result['taskId'] = message.taskId;
  result['role'] = message.role;
  result['content'] = message.parts.map(encodePart);
  if (message.metadata) result['metadata'] = message.metadata;
  if (message.extensions?.length) result['extensions'] = message.extensions;
  return result;
}

/** Neutral artifact → proto-JSON artifact of v0.3. */
export function encodeArtifact(artifact: Artifact): JsonObject {
  const result: JsonObject = { artifactId: artifact.artifactId };
  if (artifact.name) result['name'] = artifact.name;
  if (artifact.description) result['description'] = artifact.description;
  result['parts'] = artifact.parts.map(encodePart);
  if (artifact.metadata) result['metadata'] = artifact.metadata;
  if (artifact.extensions?.length) result['extensions'] = artifact.extensions;
  return result;
}

/**
 * Neutral part → proto-JSON part of v0.3. A part's metadata and a file's name came to the proto after v0.3.0;
 * older readers ignore them.
 */
function encodePart(part: Part): JsonObject {
  return { ...encodeContent(part), ...(part.metadata && { metadata: part.metadata }) };
}

function encodeContent(part: Part): JsonObject {
  if (part.text !== undefined) return { text: part.text };
  if (part.raw !== undefined) return { file: encodeFile({ fileWithBytes: part.raw }, part) };
  if (part.url !== undefined) return { file: encodeFile({ fileWithUri: part.url }, part) };
  return { data: { data: asObject(part.data ?? null) } };
}

function encodeFile(content: JsonObject, { mediaType, filename }: Part): JsonObject {
  return { ...content, ...(mediaType && { mimeType: mediaType }), ...(filename && { name: filename }) };
}
