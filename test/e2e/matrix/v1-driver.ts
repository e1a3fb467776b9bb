import { randomUUID } from 'node:crypto';
import {
  Role,
  TaskState,
  type Artifact,
  type Message,
  type Part,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  type TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import type { V1Client } from '../../support/sdk-clients.ts';
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

/** The v1.0 SDK client, whatever its transport. */
export function v1Operations(client: V1Client): Operations {
  const tenant = '';
  return {
    send: async (sending) => {
      const result = await client.sendMessage(requestOf(sending));
      return 'messageId' in result ? { message: messageFrom(result) } : { task: taskFrom(result) };
    },
    stream: (sending) => eventsFrom(client.sendMessageStream(requestOf(sending))),
    get: async (id, historyLength) => taskFrom(await client.getTask({ tenant, id, historyLength })),
    list: async ({ contextId = '', pageToken = '', state, since, ...more }) => {
      const { tasks, nextPageToken, totalSize } = await client.listTasks({
        tenant,
        contextId,
        pageToken,
        status: state === undefined ? TaskState.TASK_STATE_UNSPECIFIED : listed[state],
        statusTimestampAfter: since,
        ...more,
      });
      return { tasks: tasks.map(taskFrom), nextPageToken, totalSize };
    },
    cancel: async (id) => taskFrom(await client.cancelTask({ tenant, id, metadata: undefined })),
    subscribe: (id) => eventsFrom(client.resubscribeTask({ tenant, id })),
    createPush: async (config) =>
      configFrom(await client.createTaskPushNotificationConfig(configOf(config, config.taskId))),
    getPush: async (taskId, id) =>
      configFrom(await client.getTaskPushNotificationConfig({ tenant, taskId, id })),
    listPush: async (taskId) => {
      const request = { tenant, taskId, pageSize: 0, pageToken: '' };
      return (await client.listTaskPushNotificationConfig(request)).configs.map(configFrom);
    },
    deletePush: async (taskId, id) => await client.deleteTaskPushNotificationConfig({ tenant, taskId, id }),
    extendedCard: async () => {
      const { description, skills } = await client.transport.getExtendedAgentCard({ tenant });
      return { description, skills: skills.map(({ id }) => id) };
    },
  };
}

const listed = {
  completed: TaskState.TASK_STATE_COMPLETED,
  'input-required': TaskState.TASK_STATE_INPUT_REQUIRED,
} as const;

function requestOf(sending: Sending): SendMessageRequest {
  const { messageId = randomUUID(), taskId = '', contextId = '', parts, push } = sending;
  const { acceptedOutputModes = [], immediately = false, historyLength } = sending;
  return {
    tenant: '',
    message: {
      messageId,
      taskId,
      contextId,
      role: Role.ROLE_USER,
      parts: parts.map(partOf),
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes,
      returnImmediately: immediately,
      historyLength,
      taskPushNotificationConfig: push && configOf(push, ''),
    },
    metadata: undefined,
  };
}

function partOf(part: NeutralPart): Part {
  const unset = { filename: '', mediaType: '', metadata: undefined };
  if ('text' in part) {
    return { ...unset, content: { $case: 'text', value: part.text }, metadata: part.metadata };
  }
  if ('data' in part) {
    return { ...unset, content: { $case: 'data', value: part.data }, metadata: part.metadata };
  }
  const { mediaType } = part;
  if ('url' in part) return { ...unset, mediaType, content: { $case: 'url', value: part.url } };
  return { ...unset, mediaType, content: { $case: 'raw', value: Buffer.from(part.raw, 'base64') } };
}

function configOf(
  { id = '', url, token = '', authentication }: Omit<NeutralPushConfig, 'taskId'>,
  taskId: string,
): TaskPushNotificationConfig {
  return { tenant: '', taskId, id, url, token, authentication };
}

function configFrom({
  taskId,
  id,
  url,
  token,
  authentication,
}: TaskPushNotificationConfig): NeutralPushConfig {
  return { taskId, id, url, ...(token && { token }), ...(authentication && { authentication }) };
}

function taskFrom({ id, contextId, status, artifacts, history }: Task): NeutralTask {
  return {
    id,
    contextId,
    state: stateFrom(status?.state),
    at: status?.timestamp ?? '',
    said: (status?.message?.parts ?? []).map(partFrom),
    artifacts: artifacts.map(artifactFrom),
    history: history.map(messageFrom),
  };
}

function messageFrom({ messageId, role, taskId, contextId, parts }: Message): NeutralMessage {
  const by = role === Role.ROLE_USER ? 'user' : 'agent';
  return { messageId, role: by, taskId, contextId, parts: parts.map(partFrom) };
}

function artifactFrom({ artifactId, parts }: Artifact): NeutralArtifact {
  return { artifactId, parts: parts.map(partFrom) };
}

function partFrom({ content, mediaType }: Part): NeutralPart {
  if (content?.$case === 'text') return { text: content.value };
  if (content?.$case === 'data') return { data: content.value as unknown };
  if (content?.$case === 'url') return { url: content.value, mediaType };
  return { raw: Buffer.from(content?.value ?? '').toString('base64'), mediaType };
}

async function* eventsFrom(
  stream: AsyncIterable<StreamResponse>,
): AsyncGenerator<NeutralEvent, void, undefined> {
  for await (const { payload } of stream) {
    if (!payload) throw new Error('An event without a payload.');
    yield eventFrom(payload);
  }
}

function eventFrom(payload: NonNullable<StreamResponse['payload']>): NeutralEvent {
  if (payload.$case === 'task') return { task: taskFrom(payload.value) };
  if (payload.$case === 'message') return { message: messageFrom(payload.value) };
  const { taskId, contextId } = payload.value;
  if (payload.$case === 'statusUpdate') {
    const { status } = payload.value;
    const said = (status?.message?.parts ?? []).map(partFrom);
    return { status: { taskId, contextId, state: stateFrom(status?.state), said } };
  }
  const { artifact } = payload.value;
  if (!artifact) throw new Error('An artifact update without an artifact.');
  return { artifact: { taskId, contextId, ...artifactFrom(artifact) } };
}

function stateFrom(state: TaskState | undefined): string {
  const name = TaskState[state ?? TaskState.UNRECOGNIZED];
  return name.replace('TASK_STATE_', '').toLowerCase().replaceAll('_', '-');
}
