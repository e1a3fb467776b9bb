import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/runs/message.ts';
import { v03ProtoCodec } from '../../../src/a2a/v03/proto-codec.ts';
import { encodeMessage } from '../../../src/a2a/v03/proto-translate.ts';
import { events, task } from '../wire-samples.ts';

function encoded(event: Parameters<typeof v03ProtoCodec.encodeEvent>[0], endsStream = false): unknown {
  return JSON.parse(v03ProtoCodec.encodeEvent(event, endsStream));
}

const encodedTask = {
  id: task.id,
  contextId: task.contextId,
  status: { state: 'TASK_STATE_COMPLETED', timestamp: task.status.timestamp },
  artifacts: [{ artifactId: 'answer', parts: [{ text: 'Hello world' }] }],
  history: [{ role: 'ROLE_USER', content: [{ text: 'hi' }] }, { role: 'ROLE_AGENT' }],
  metadata: { t: true },
};

test('a task, alone and in its wrapper; a list is the tasks alone', () => {
  expect(v03ProtoCodec.encodeTask(task)).toMatchObject(encodedTask);
  expect(v03ProtoCodec.encodeSendResult({ task })).toMatchObject({ task: encodedTask });
  const page = { tasks: [task], nextPageToken: '', pageSize: 50, totalSize: 1 };
  expect(v03ProtoCodec.encodeList(page)).toStrictEqual([v03ProtoCodec.encodeTask(task)]);
});

test('a direct answer', () => {
  const answer = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'hi' }] } as const;
  const sent = { message: { messageId: 'm', role: 'ROLE_AGENT', content: [{ text: 'hi' }] } };
  expect(v03ProtoCodec.encodeSendResult({ message: { ...answer, parts: [...answer.parts] } })).toStrictEqual(
    sent,
  );
  expect(encoded({ message: { ...answer, parts: [...answer.parts] } })).toStrictEqual(sent);
});

test('every kind of part, and nothing that the proto lacks', () => {
  expect(encodeMessage(task.history?.[1] ?? neverThere())).toStrictEqual({
    messageId: 'm-2',
    contextId: 'context-1',
    taskId: 'task-1',
    role: 'ROLE_AGENT',
    content: [
      { text: 'which one?', metadata: { lang: 'en' } },
      { data: { data: { step: 1 } }, metadata: { type: 'DW_STATUS_UPDATE' } },
      { file: { fileWithBytes: 'aGk=', mimeType: 'text/plain', name: 'a.txt' } },
      { file: { fileWithUri: 'https://example.com/a', mimeType: 'text/plain' } },
    ],
    metadata: { m: 1 },
    extensions: ['urn:x'],
  });
});

test('canceled is spelled as v0.3 does', () => {
  const status = { ...task.status, state: 'TASK_STATE_CANCELED' as const };
  expect(v03ProtoCodec.encodeTask({ ...task, status })).toMatchObject({
    status: { state: 'TASK_STATE_CANCELLED' },
  });
});

test('final stands on the event that ends the stream, whatever the state, and on no other', () => {
  expect(encoded(events.question, true)).toMatchObject({ statusUpdate: { final: true } });
  expect(encoded(events.question)).not.toHaveProperty('statusUpdate.final');
});

test('the pieces of an artifact', () => {
  const ids = { taskId: 'task-1', contextId: 'context-1' };
  expect(encoded(events.firstChunk)).toStrictEqual({
    artifactUpdate: {
      ...ids,
      artifact: { artifactId: 'answer', name: 'Answer', parts: [{ text: 'Hello ' }] },
    },
  });
  expect(encoded(events.lastChunk)).toStrictEqual({
    artifactUpdate: {
      ...ids,
      artifact: { artifactId: 'answer', parts: [{ text: 'world' }] },
      append: true,
      lastChunk: true,
    },
  });
});

test('a card: security as the proto has it, and no field that it lacks', () => {
  const v03: JsonObject = {
    name: 'A',
    iconUrl: 'https://example.com/i.png',
    capabilities: { streaming: true, stateTransitionHistory: false },
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'Authorization' },
      bearer: { type: 'http', scheme: 'bearer' },
    },
    security: [{ key: [] }, { bearer: ['read'] }],
    skills: [{ id: 's', security: [{ key: [] }] }],
  };
  expect(v03ProtoCodec.encodeExtendedCard({ v1: {}, v03 })).toStrictEqual({
    name: 'A',
    capabilities: { streaming: true },
    securitySchemes: {
      key: { apiKeySecurityScheme: { location: 'header', name: 'Authorization' } },
      bearer: { httpAuthSecurityScheme: { scheme: 'bearer' } },
    },
    security: [{ schemes: { key: { list: [] } } }, { schemes: { bearer: { list: ['read'] } } }],
    skills: [{ id: 's', security: [{ schemes: { key: { list: [] } } }] }],
  });
});

function neverThere(): never {
  throw new Error('The sample has this message.');
}
