import type { Message } from '../../src/runs/message.ts';
import type { StreamResponse, Task } from '../../src/a2a/wire.ts';

const ids = { taskId: 'task-1', contextId: 'context-1' };
const timestamp = '2026-11-23T03:09:59.941Z';

const question: Message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }], ...ids };

const answer: Message = {
  messageId: 'm-2',
  role: 'ROLE_AGENT',
  parts: [
    { text: 'which one?', metadata: { lang: 'en' } },
    { data: { step: 1 }, metadata: { type: 'DW_STATUS_UPDATE' } },
    { raw: 'aGk=', mediaType: 'text/plain', filename: 'a.txt' },
    { url: 'https://example.com/a', mediaType: 'text/plain' },
  ],
  extensions: ['urn:x'],
  referenceTaskIds: ['task-0'],
  metadata: { m: 1 },
  ...ids,
};

/** A task that has everything. */
export const task: Task = {
  id: ids.taskId,
  contextId: ids.contextId,
  status: { state: 'TASK_STATE_COMPLETED', timestamp, message: answer },
  artifacts: [
    {
      artifactId: 'answer',
      name: 'Answer',
      description: 'The answer.',
      parts: [{ text: 'Hello world' }],
      metadata: { a: 1 },
      extensions: ['urn:y'],
    },
  ],
  history: [question, answer],
  metadata: { t: true },
};

/** One event of every kind. */
export const events = {
  task: { task },
  working: {
    statusUpdate: { ...ids, status: { state: 'TASK_STATE_WORKING', timestamp }, metadata: { seq: 1 } },
  },
  question: {
    statusUpdate: { ...ids, status: { state: 'TASK_STATE_INPUT_REQUIRED', timestamp, message: answer } },
  },
  firstChunk: {
    artifactUpdate: {
      ...ids,
      artifact: { artifactId: 'answer', name: 'Answer', parts: [{ text: 'Hello ' }] },
      append: false,
      lastChunk: false,
    },
  },
  lastChunk: {
    artifactUpdate: {
      ...ids,
      artifact: { artifactId: 'answer', parts: [{ text: 'world' }] },
      append: true,
      lastChunk: true,
    },
  },
} satisfies Record<string, StreamResponse>;
