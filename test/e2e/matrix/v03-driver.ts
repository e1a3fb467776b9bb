import { randomUUID } from 'node:crypto';
import type {
  Artifact,
  Message,
  MessageSendParams,
  Part,
  PushNotificationConfig,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskStatusUpdateEvent,
} from 'a2a-js-sdk-v0-3';
import type { V03Client } from '../../support/sdk-clients.ts';
import type {
  NeutralArtifact,
  NeutralEvent,
  NeutralMessage,
  NeutralPart,
  NeutralPushConfig,
  NeutralTask,
  Operations,
  Sending,
} from './neutral.ts';

type Transport = V03Client['transport'];
type Event = Message | Task | TaskStatusUpdateEvent | TaskArtifactUpdateEvent;

/** The transports of the v0.3 SDK: its client adds nothing to what is said here, and cannot be made for gRPC. */
export function v03Operations(client: Transport): Operations {
  return {
    send: async (sending) => {
      const result = await client.sendMessage(paramsOf(sending));
      return result.kind === 'message' ? { message: messageFrom(result) } : { task: taskFrom(result) };
    },
    stream: (sending) => eventsFrom(client.sendMessageStream(paramsOf(sending))),
    get: async (id, historyLength) =>
      taskFrom(await client.getTask({ id, ...(historyLength !== undefined && { historyLength }) })),
    cancel: async (id) => taskFrom(await client.cancelTask({ id })),
    subscribe: (id) => eventsFrom(client.resubscribeTask({ id })),
    createPush: async ({ taskId, ...config }) =>
      configFrom(
        await client.setTaskPushNotificationConfig({ taskId, pushNotificationConfig: configOf(config) }),
      ),
    getPush: async (id, pushNotificationConfigId) =>
      configFrom(await client.getTaskPushNotificationConfig({ id, pushNotificationConfigId })),
    listPush: async (id) => (await client.listTaskPushNotificationConfig({ id })).map(configFrom),
    deletePush: async (id, pushNotificationConfigId) =>
      await client.deleteTaskPushNotificationConfig({ id, pushNotificationConfigId }),
    extendedCard: async () => {
      const { description, skills } = await client.getExtendedAgentCard();
      return { description, skills: skills.map(({ id }) => id) };
    },
  };
}

function paramsOf(sending: Sending): MessageSendParams {
  const { messageId = randomUUID(), taskId, contextId, parts, push, immediately = false } = sending;
  const { acceptedOutputModes, historyLength } = sending;
  return {
    message: {
      kind: 'message',
      messageId,
      role: 'user',
      parts: parts.map(partOf),
      ...(taskId !== undefined && { taskId }),
      ...(contextId !== undefined && { contextId }),
    },
    configuration: {
      blocking: !immediately,
      ...(acceptedOutputModes && { acceptedOutputModes }),
      ...(historyLength !== undefined && { historyLength }),
      ...(push && { pushNotificationConfig: configOf(push) }),
    },
  };
}

function partOf(part: NeutralPart): Part {
  if ('text' in part) {
    return { kind: 'text', text: part.text, ...(part.metadata && { metadata: part.metadata }) };
  }
  if ('data' in part) {
    const data = part.data as Record<string, unknown>;
    return { kind: 'data', data, ...(part.metadata && { metadata: part.metadata }) };
  }
  const { mediaType: mimeType } = part;
  if ('url' in part) return { kind: 'file', file: { uri: part.url, mimeType } };
  return { kind: 'file', file: { bytes: part.raw, mimeType } };
}

function configOf({
  id,
  url,
  token,
  authentication,
}: Omit<NeutralPushConfig, 'taskId'>): PushNotificationConfig {
  return {
    url,
    ...(id !== undefined && { id }),
    ...(token !== undefined && { token }),
    ...(authentication && {
      authentication: { schemes: [authentication.scheme], credentials: authentication.credentials },
    }),
  };
}

function configFrom({ taskId, pushNotificationConfig }: TaskPushNotificationConfig): NeutralPushConfig {
  const { id = '', url, token, authentication } = pushNotificationConfig;
  const { schemes: [scheme] = [], credentials = '' } = authentication ?? {};
  return {
    taskId,
    id,
    url,
    ...(token && { token }),
    ...(scheme !== undefined && { authentication: { scheme, credentials } }),
  };
}

function taskFrom({ id, contextId, status, artifacts = [], history = [] }: Task): NeutralTask {
  return {
    id,
    contextId,
    state: status.state,
    at: status.timestamp ?? '',
    said: (status.message?.parts ?? []).map(partFrom),
    artifacts: artifacts.map(artifactFrom),
    history: history.map(messageFrom),
  };
}

function messageFrom({ messageId, role, taskId = '', contextId = '', parts }: Message): NeutralMessage {
  return { messageId, role, taskId, contextId, parts: parts.map(partFrom) };
}

function artifactFrom({ artifactId, parts }: Artifact): NeutralArtifact {
  return { artifactId, parts: parts.map(partFrom) };
}

function partFrom(part: Part): NeutralPart {
  if (part.kind === 'text') return { text: part.text };
  if (part.kind === 'data') return { data: part.data };
  const { file } = part;
  const { mimeType: mediaType = '' } = file;
  return 'uri' in file ? { url: file.uri, mediaType } : { raw: file.bytes, mediaType };
}

async function* eventsFrom(stream: AsyncIterable<Event>): AsyncGenerator<NeutralEvent, void, undefined> {
  for await (const event of stream) yield eventFrom(event);
}

function eventFrom(event: Event): NeutralEvent {
  if (event.kind === 'task') return { task: taskFrom(event) };
  if (event.kind === 'message') return { message: messageFrom(event) };
  const { taskId, contextId } = event;
  if (event.kind === 'artifact-update') {
    return { artifact: { taskId, contextId, ...artifactFrom(event.artifact) } };
  }
  const { state, message } = event.status;
  return { status: { taskId, contextId, state, said: (message?.parts ?? []).map(partFrom) } };
}
