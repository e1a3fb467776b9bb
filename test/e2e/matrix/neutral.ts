/** What the six clients send and get, in one form: what differs between versions by their nature is not in it. */
export type NeutralPart =
  | { text: string; metadata?: Record<string, unknown> }
  | { data: unknown; metadata?: Record<string, unknown> }
  | { raw: string; mediaType: string }
  | { url: string; mediaType: string };

export interface NeutralMessage {
  messageId: string;
  role: 'user' | 'agent';
  taskId: string;
  contextId: string;
  parts: NeutralPart[];
}

export interface NeutralArtifact {
  artifactId: string;
  parts: NeutralPart[];
}

/** States are spelled as in v0.3. */
export interface NeutralTask {
  id: string;
  contextId: string;
  state: string;
  /** Of the status, ISO 8601. */
  at: string;
  /** Of the status message. */
  said: NeutralPart[];
  artifacts: NeutralArtifact[];
  history: NeutralMessage[];
}

/** One event of a stream: one member. */
export type NeutralEvent =
  | { task: NeutralTask }
  | { message: NeutralMessage }
  | { status: { taskId: string; contextId: string; state: string; said: NeutralPart[] } }
  | { artifact: { taskId: string; contextId: string } & NeutralArtifact };

export interface NeutralPage {
  tasks: NeutralTask[];
  nextPageToken: string;
  totalSize: number;
}

export interface NeutralPushConfig {
  taskId: string;
  id?: string;
  url: string;
  token?: string;
  /** `Authorization` of each notification: scheme and credentials. */
  authentication?: { scheme: string; credentials: string };
}

export interface NeutralCard {
  description: string;
  skills: string[];
}

/** A message to an agent. The client's own defaults fill in what is not said; it waits for the task's rest. */
export interface Sending {
  parts: NeutralPart[];
  /** A fresh one where nothing is said. */
  messageId?: string;
  taskId?: string;
  contextId?: string;
  /** Answer at once. */
  immediately?: boolean;
  historyLength?: number;
  acceptedOutputModes?: string[];
  push?: Omit<NeutralPushConfig, 'taskId'>;
}

export interface Listing {
  contextId?: string;
  state?: 'completed' | 'input-required';
  /** ISO 8601: not older than this. */
  since?: string;
  pageSize?: number;
  pageToken?: string;
  historyLength?: number;
  includeArtifacts?: boolean;
}

export type ProtocolVersion = '1.0' | '0.3';
export type TransportName = 'JSONRPC' | 'HTTP+JSON' | 'GRPC';

/** All operations of A2A over one SDK client. Only v1.0 has clients that list tasks. */
export interface Operations {
  send(sending: Sending): Promise<{ task?: NeutralTask; message?: NeutralMessage }>;
  stream(sending: Sending): AsyncGenerator<NeutralEvent, void, undefined>;
  get(id: string, historyLength?: number): Promise<NeutralTask>;
  list?(listing: Listing): Promise<NeutralPage>;
  cancel(id: string): Promise<NeutralTask>;
  subscribe(id: string): AsyncGenerator<NeutralEvent, void, undefined>;
  createPush(config: NeutralPushConfig): Promise<NeutralPushConfig>;
  getPush(taskId: string, id: string): Promise<NeutralPushConfig>;
  listPush(taskId: string): Promise<NeutralPushConfig[]>;
  deletePush(taskId: string, id: string): Promise<void>;
  extendedCard(): Promise<NeutralCard>;
}

/** A message of one text part. */
export function saying(text: string, more: Omit<Sending, 'parts'> = {}): Sending {
  return { parts: [{ text }], ...more };
}

/** The task of an answer that has one. */
export function taskIn(answer: { task?: NeutralTask }): NeutralTask {
  if (!answer.task) throw new Error(`A task was expected: ${JSON.stringify(answer)}`);
  return answer.task;
}

export function textOf(parts: readonly NeutralPart[]): string {
  return parts.map((part) => ('text' in part ? part.text : '')).join('');
}

/** The text of all artifacts. */
export function answerOf({ artifacts }: Pick<NeutralTask, 'artifacts'>): string {
  return textOf(artifacts.flatMap(({ parts }) => parts));
}

/** What happened, in one word each: `task`, a state, an artifact's id. */
export function wordsOf(events: readonly NeutralEvent[]): string[] {
  return events.map((event) => {
    if ('task' in event) return 'task';
    if ('message' in event) return 'message';
    return 'status' in event ? event.status.state : event.artifact.artifactId;
  });
}
