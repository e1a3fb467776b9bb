import type { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import type { Json, JsonObject } from '../../runs/message.ts';

type Methods = typeof LegacyA2AService;
type SendMessageResponse = ReturnType<Methods['sendMessage']['responseDeserialize']>;
type StreamResponse = ReturnType<Methods['sendStreamingMessage']['responseDeserialize']>;
type PushConfig = ReturnType<Methods['getTaskPushNotificationConfig']['responseDeserialize']>;
type PushConfigs = ReturnType<Methods['listTaskPushNotificationConfig']['responseDeserialize']>;
type Task = ReturnType<Methods['getTask']['responseDeserialize']>;
type TaskStatus = NonNullable<Task['status']>;
type Artifact = Task['artifacts'][number];
type Message = Task['history'][number];
type Part = Message['content'][number];

/** What `v03ProtoCodec` makes: what is empty is not there, and a oneof is one member among the others. */
interface PartJson {
  text?: string;
  file?: { fileWithBytes?: string; fileWithUri?: string; mimeType?: string };
  data?: { data: JsonObject };
}
interface MessageJson extends Partial<Omit<Message, 'role' | 'content'>> {
  role: string;
  content: PartJson[];
}
interface ArtifactJson extends Partial<Omit<Artifact, 'parts'>> {
  parts: PartJson[];
}
interface StatusJson {
  state: string;
  message?: MessageJson;
  timestamp: string;
}
interface TaskJson {
  id: string;
  contextId: string;
  status: StatusJson;
  artifacts?: ArtifactJson[];
  history?: MessageJson[];
  metadata?: JsonObject;
}
interface EventJson {
  task?: TaskJson;
  message?: MessageJson;
  statusUpdate?: {
    taskId: string;
    contextId: string;
    status: StatusJson;
    final?: boolean;
    metadata?: JsonObject;
  };
  artifactUpdate?: {
    taskId: string;
    contextId: string;
    artifact: ArtifactJson;
    append?: boolean;
    lastChunk?: boolean;
  };
}
interface PushConfigJson {
  name: string;
  pushNotificationConfig: Partial<NonNullable<PushConfig['pushNotificationConfig']>>;
}

/** The enum TaskState, which the SDK does not export. */
const states = {
  TASK_STATE_SUBMITTED: 1,
  TASK_STATE_WORKING: 2,
  TASK_STATE_COMPLETED: 3,
  TASK_STATE_FAILED: 4,
  TASK_STATE_CANCELLED: 5,
  TASK_STATE_INPUT_REQUIRED: 6,
  TASK_STATE_REJECTED: 7,
  TASK_STATE_AUTH_REQUIRED: 8,
} as unknown as Readonly<Record<string, TaskStatus['state']>>;

/** The enum Role, which the SDK does not export. */
const roles = { ROLE_USER: 1, ROLE_AGENT: 2 } as unknown as Readonly<Record<string, Message['role']>>;

/** SendMessageResponse of the v0.3 proto from its JSON form. */
export function sendResponseOf(json: Json): SendMessageResponse {
  const { task, message } = json as EventJson;
  if (task) return { payload: { $case: 'task', value: fromTask(task) } };
  return { payload: message && { $case: 'msg', value: fromMessage(message) } };
}

export function taskOf(json: Json): Task {
  return fromTask(json as unknown as TaskJson);
}

/** StreamResponse of the v0.3 proto from its JSON form. */
export function streamResponseOf(json: Json): StreamResponse {
  const { statusUpdate, artifactUpdate } = json as EventJson;
  if (statusUpdate) {
    const { status, final = false, metadata, ...ids } = statusUpdate;
    return {
      payload: { $case: 'statusUpdate', value: { ...ids, status: fromStatus(status), final, metadata } },
    };
  }
  if (artifactUpdate) {
    const { artifact, append = false, lastChunk = false, ...ids } = artifactUpdate;
    const value = { ...ids, artifact: fromArtifact(artifact), append, lastChunk, metadata: undefined };
    return { payload: { $case: 'artifactUpdate', value } };
  }
  return sendResponseOf(json);
}

export function pushConfigOf(json: Json): PushConfig {
  const { name, pushNotificationConfig: config } = json as unknown as PushConfigJson;
  const authentication = config.authentication && {
    ...config.authentication,
    credentials: config.authentication.credentials ?? '',
  };
  return { name, pushNotificationConfig: { id: '', url: '', token: '', ...config, authentication } };
}

export function pushConfigsOf(json: Json): PushConfigs {
  const { configs } = json as { configs: Json[] };
  return { configs: configs.map(pushConfigOf), nextPageToken: '' };
}

function fromTask({ id, contextId, status, artifacts = [], history = [], metadata }: TaskJson): Task {
  return {
    id,
    contextId,
    status: fromStatus(status),
    artifacts: artifacts.map(fromArtifact),
    history: history.map(fromMessage),
    metadata,
  };
}

function fromStatus({ state, message, timestamp }: StatusJson): TaskStatus {
  return {
    state: states[state] as TaskStatus['state'],
    update: message && fromMessage(message),
    timestamp,
  };
}

function fromMessage({ role, content, ...message }: MessageJson): Message {
  return {
    messageId: '',
    contextId: '',
    taskId: '',
    metadata: undefined,
    extensions: [],
    ...message,
    role: roles[role] as Message['role'],
    content: content.map(fromPart),
  };
}

function fromArtifact({ parts, ...artifact }: ArtifactJson): Artifact {
  return {
    artifactId: '',
    name: '',
    description: '',
    metadata: undefined,
    extensions: [],
    ...artifact,
    parts: parts.map(fromPart),
  };
}

function fromPart({ text, file, data }: PartJson): Part {
  if (text !== undefined) return { part: { $case: 'text', value: text } };
  if (!file) return { part: data && { $case: 'data', value: data } };
  const { fileWithBytes, fileWithUri = '', mimeType = '' } = file;
  const content =
    fileWithBytes === undefined
      ? ({ $case: 'fileWithUri', value: fileWithUri } as const)
      : ({ $case: 'fileWithBytes', value: Buffer.from(fileWithBytes, 'base64') } as const);
  return { part: { $case: 'file', value: { file: content, mimeType } } };
}
