import { randomUUID } from 'node:crypto';
import type { RpcAnswer } from './rpc.ts';

export const providedValuesUri = 'https://dataworkz.com/agents/ext/provided-values/v1';
export const conversationHistoryUri = 'urn:a2a-gateway:ext:conversation-history:v1';

/** What a test that goes over both protocol versions must know of each. */
export interface TestVersion {
  version: '1.0' | '0.3';
  send: string;
  stream: string;
  get: string;
  cancel: string;
  subscribe: string;
  /** Header that requests extensions and lists the activated ones. */
  extensionsHeader: string;
  /** Params of a send with these parts; a `message` adds fields or replaces them. */
  params(parts: readonly object[], message?: object): { message: object };
  text(text: string): object;
  /** A data part; its metadata marks it with this URI. */
  data(data: unknown, markedWith?: string): object;
  /** The task in the answer to a send. */
  task(answer: RpcAnswer): SentTask;
}

export interface SentTask {
  id: string;
  contextId: string;
  status: { state: string };
  artifacts?: { parts: { text?: string }[] }[];
}

const v1: TestVersion = {
  version: '1.0',
  send: 'SendMessage',
  stream: 'SendStreamingMessage',
  get: 'GetTask',
  cancel: 'CancelTask',
  subscribe: 'SubscribeToTask',
  extensionsHeader: 'A2A-Extensions',
  params: (parts, message) => ({
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts, ...message },
  }),
  text: (text) => ({ text }),
  data: (data, markedWith) => ({ data, ...(markedWith && { metadata: { [markedWith]: true } }) }),
  task: (answer) => found(answer, answer.result?.task),
};

const v03: TestVersion = {
  version: '0.3',
  send: 'message/send',
  stream: 'message/stream',
  get: 'tasks/get',
  cancel: 'tasks/cancel',
  subscribe: 'tasks/resubscribe',
  extensionsHeader: 'X-A2A-Extensions',
  params: (parts, message) => ({
    message: { kind: 'message', messageId: randomUUID(), role: 'user', parts, ...message },
  }),
  text: (text) => ({ kind: 'text', text }),
  data: (data, markedWith) => ({
    kind: 'data',
    data,
    ...(markedWith && { metadata: { [markedWith]: true } }),
  }),
  task: (answer) => found(answer, answer.result),
};

export const testVersions: readonly TestVersion[] = [v1, v03];

function found(answer: RpcAnswer, task: unknown): SentTask {
  if (task === null || typeof task !== 'object' || !('status' in task)) {
    throw new Error(`No task: ${JSON.stringify(answer)}`);
  }
  return task as SentTask;
}
