import type { Artifact, Json, JsonObject, Message } from '../runs/message.ts';

export type { Artifact } from '../runs/message.ts';

/**
 * The A2A door's neutral model: the ProtoJSON form of A2A v1.0 (spec §4, §5.5), as plain objects. The
 * operations speak it; a protocol version is a codec beside it.
 */
export type TaskState =
  | 'TASK_STATE_SUBMITTED'
  | 'TASK_STATE_WORKING'
  | 'TASK_STATE_COMPLETED'
  | 'TASK_STATE_FAILED'
  | 'TASK_STATE_CANCELED'
  | 'TASK_STATE_REJECTED'
  | 'TASK_STATE_INPUT_REQUIRED'
  | 'TASK_STATE_AUTH_REQUIRED';

export interface TaskStatus {
  state: TaskState;
  /** ISO-8601 UTC with milliseconds. */
  timestamp: string;
  message?: Message;
}

export interface Task {
  id: string;
  contextId: string;
  status: TaskStatus;
  artifacts?: Artifact[];
  history?: Message[];
  metadata?: JsonObject;
}

/** One event of a stream (spec §4.2): exactly one member. */
export type StreamResponse =
  | { task: Task }
  /** A direct answer without a task: then it is the only event (spec §3.1.2). */
  | { message: Message }
  | { statusUpdate: StatusUpdate }
  | { artifactUpdate: ArtifactUpdate };

/** TaskStatusUpdateEvent (spec §4.2.1). */
export interface StatusUpdate {
  taskId: string;
  contextId: string;
  status: TaskStatus;
  metadata?: JsonObject;
}

/** TaskArtifactUpdateEvent (spec §4.2.2). False and absent flags are omitted in v1.0. */
export interface ArtifactUpdate {
  taskId: string;
  contextId: string;
  artifact: Artifact;
  append?: boolean;
  lastChunk?: boolean;
  metadata?: JsonObject;
}

/** The result of Send Message (spec §3.1.1): the task, or a direct answer without one. */
export type SendResult = { task: Task } | { message: Message };

/** Where the updates of a task are posted to (spec §4.3.1). */
export interface PushConfig {
  taskId: string;
  id: string;
  url: string;
  /** Sent back in `X-A2A-Notification-Token`. */
  token?: string;
  /** `Authorization` of each notification; v0.3 names several schemes, of which the first is used. */
  authentication?: { schemes: string[]; credentials?: string };
}

/** A push notification config as a caller sends it: without an id the gateway makes one. */
export type PushConfigRequest = Omit<PushConfig, 'id' | 'taskId'> & { id?: string };

/** Operations of A2A (spec §3.1); the JSON-RPC method names of a version map to these. */
export type OperationName =
  | 'sendMessage'
  | 'sendStreamingMessage'
  | 'getTask'
  | 'listTasks'
  | 'cancelTask'
  | 'subscribeToTask'
  | 'createPushConfig'
  | 'getPushConfig'
  | 'listPushConfigs'
  | 'deletePushConfig'
  | 'getExtendedCard';

export interface SendMessageRequest {
  message: Message;
  /** Wait for a resting state before answering (already decided by the version's own rule). */
  blocking: boolean;
  historyLength?: number;
  acceptedOutputModes?: string[];
  /** A push notification config for the task that the message starts or continues. */
  pushConfig?: PushConfigRequest;
  metadata?: JsonObject;
}

export interface GetTaskRequest {
  id: string;
  historyLength?: number;
}

export interface ListTasksRequest {
  contextId?: string;
  status?: TaskState;
  /** 1 to 100; default 50. */
  pageSize: number;
  pageToken?: string;
  historyLength?: number;
  /** Milliseconds since the epoch. */
  statusTimestampAfter?: number;
  includeArtifacts: boolean;
}

export interface ListTasksResponse {
  tasks: Task[];
  nextPageToken: string;
  pageSize: number;
  totalSize: number;
}

/** The two cards of an agent as JSON objects, signatures included. */
export interface CardShapes {
  v1: JsonObject;
  v03: JsonObject;
}

export type ProtocolVersion = '0.3' | '1.0';

/** A protocol version: names in, names out. All decoders throw Problem('invalid_request') naming the field. */
export interface Codec {
  readonly version: ProtocolVersion;
  /** Names the JSON form: encodings are kept under it. */
  readonly dialect: string;
  /** Response header that lists the activated extensions. */
  readonly extensionsHeader: string;
  /** JSON-RPC method names of this version; a method that the version lacks is absent. */
  readonly methods: ReadonlyMap<string, OperationName>;
  decodeSend(params: unknown): SendMessageRequest;
  decodeGet(params: unknown): GetTaskRequest;
  /** For cancel and subscribe: `{id}`. */
  decodeTaskId(params: unknown): { id: string };
  decodeList(params: unknown): ListTasksRequest;
  decodePushConfig(params: unknown): PushConfigRequest & { taskId: string };
  /** For get and delete. v0.3 may leave the id out of a get: the first config. */
  decodePushConfigId(params: unknown): { taskId: string; id?: string };
  decodePushConfigList(params: unknown): { taskId: string };
  /** Result of send: v1.0 wraps it in `{task}` or `{message}`, v0.3's JSON-RPC does not. */
  encodeSendResult(result: SendResult): Json;
  encodeTask(task: Task): Json;
  encodeList(page: ListTasksResponse): Json;
  encodePushConfig(config: PushConfig): Json;
  encodePushConfigs(configs: readonly PushConfig[]): Json;
  encodeExtendedCard(cards: CardShapes): Json;
  /** JSON text of one stream event's result; `endsStream` is v0.3's `final`. */
  encodeEvent(event: StreamResponse, endsStream: boolean): string;
}
