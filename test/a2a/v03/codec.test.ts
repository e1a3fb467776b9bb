import { StreamResponse as SdkStreamResponse } from '@a2a-js/sdk';
import { legacyPushNotificationToV1StreamResponse } from '@a2a-js/sdk/compat/v0_3';
import { describe, expect, test } from '@jest/globals';
import { v03Codec } from '../../../src/a2a/v03/codec.ts';
import { encodeMessage, encodePart } from '../../../src/a2a/v03/translate.ts';
import { v1Codec } from '../../../src/a2a/v1/codec.ts';
import type { TaskState } from '../../../src/a2a/wire.ts';
import { refusal, refusedFields } from '../refusal.ts';
import { events, task } from '../wire-samples.ts';

const message = { kind: 'message', messageId: 'm-1', role: 'user', parts: [{ kind: 'text', text: 'hi' }] };
const neutral = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };

function sendWith(members: object, configuration?: object): () => unknown {
  return () =>
    v03Codec.decodeSend({ message: { ...message, ...members }, ...(configuration && { configuration }) });
}

function sendPart(part: unknown): () => unknown {
  return sendWith({ parts: [{ kind: 'text', text: 'before' }, part] });
}

describe('message/send params', () => {
  test('the smallest request', () => {
    expect(v03Codec.decodeSend({ message })).toStrictEqual({
      message: neutral,
      blocking: true,
    });
  });

  test.each([
    [undefined, true],
    [null, true],
    [{}, false],
    [{ acceptedOutputModes: ['text'] }, false],
    [{ blocking: false }, false],
    [{ blocking: true }, true],
  ])('configuration %j: blocking %j', (configuration, blocking) => {
    expect(v03Codec.decodeSend({ message, configuration }).blocking).toBe(blocking);
  });

  test('everything that it may carry comes back as it was sent', () => {
    const full = {
      ...message,
      contextId: 'c-1',
      taskId: 't-1',
      metadata: { a: [1] },
      extensions: ['urn:x'],
      referenceTaskIds: ['t-0'],
      parts: [
        { kind: 'text', text: '', metadata: { m: 1 } },
        { kind: 'data', data: { k: [1] }, metadata: { m: 2 } },
        { kind: 'file', file: { bytes: 'aGk=', mimeType: 'text/plain', name: 'a.txt' }, metadata: { m: 3 } },
        { kind: 'file', file: { uri: 'https://example.com/a', mimeType: 'text/plain' } },
      ],
    };
    const configuration = {
      acceptedOutputModes: ['text'],
      historyLength: 2,
      pushNotificationConfig: { url: 'https://example.com/hook' },
    };
    const request = v03Codec.decodeSend({ message: full, configuration, metadata: { b: 2 } });
    expect(request).toMatchObject({
      historyLength: 2,
      acceptedOutputModes: ['text'],
      pushConfig: { url: 'https://example.com/hook' },
      metadata: { b: 2 },
    });
    expect(request.message.parts).toStrictEqual([
      { text: '', metadata: { m: 1 } },
      { data: { k: [1] }, metadata: { m: 2 } },
      { raw: 'aGk=', mediaType: 'text/plain', filename: 'a.txt', metadata: { m: 3 } },
      { url: 'https://example.com/a', mediaType: 'text/plain' },
    ]);
    expect(encodeMessage(request.message)).toStrictEqual(full);
  });

  test('the kind of the message may be missing; null and empty members count as absent', () => {
    const loose = { ...message, kind: undefined, contextId: '', taskId: null, extensions: null };
    expect(v03Codec.decodeSend({ message: loose }).message).toStrictEqual(neutral);
  });

  const long = 'x'.repeat(257);
  const oneOf = 'must have exactly one of bytes and uri';
  test.each<[string, () => unknown, string, string]>([
    ['no params', () => v03Codec.decodeSend(undefined), 'params', 'must be an object'],
    ['no message', () => v03Codec.decodeSend({}), 'message', 'is required'],
    ['another kind of message', sendWith({ kind: 'task' }), 'message.kind', 'must be one of message'],
    ['no messageId', sendWith({ messageId: undefined }), 'message.messageId', 'is required'],
    ['empty messageId', sendWith({ messageId: '' }), 'message.messageId', 'must not be empty'],
    ['no role', sendWith({ role: undefined }), 'message.role', 'is required'],
    ['the agent as role', sendWith({ role: 'agent' }), 'message.role', 'must be user'],
    ['role of v1.0', sendWith({ role: 'ROLE_USER' }), 'message.role', 'must be user'],
    ['no parts', sendWith({ parts: undefined }), 'message.parts', 'is required'],
    ['empty parts', sendWith({ parts: [] }), 'message.parts', 'must not be empty'],
    [
      'too many parts',
      sendWith({ parts: Array.from({ length: 1001 }, () => message.parts[0]) }),
      'message.parts',
      'must not have more than 1000 entries',
    ],
    ['a part without kind', sendPart({ text: 'a' }), 'message.parts[1].kind', 'is required'],
    ['an unknown kind of part', sendPart({ kind: 'video' }), 'message.parts[1]', 'must have a known kind'],
    ['a text part without text', sendPart({ kind: 'text' }), 'message.parts[1].text', 'is required'],
    ['data as list', sendPart({ kind: 'data', data: [1] }), 'message.parts[1].data', 'must be an object'],
    ['a file without content', sendPart({ kind: 'file', file: {} }), 'message.parts[1].file', oneOf],
    [
      'a file with two',
      sendPart({ kind: 'file', file: { bytes: '', uri: 'a' } }),
      'message.parts[1].file',
      oneOf,
    ],
    [
      'bytes that are not base64',
      sendPart({ kind: 'file', file: { bytes: '%' } }),
      'message.parts[1].file.bytes',
      'must be base64',
    ],
    [
      'long contextId',
      sendWith({ contextId: long }),
      'message.contextId',
      'must not be longer than 256 characters',
    ],
    ['long taskId', sendWith({ taskId: long }), 'message.taskId', 'must not be longer than 256 characters'],
    [
      'negative historyLength',
      sendWith({}, { historyLength: -1 }),
      'configuration.historyLength',
      'must be >= 0',
    ],
    ['blocking as text', sendWith({}, { blocking: 'no' }), 'configuration.blocking', 'must be true or false'],
  ])('%s is refused', (_what, call, field, reason) => {
    expect(refusedFields(call)).toEqual({ [field]: reason });
  });
});

test('task params', () => {
  expect(v03Codec.decodeGet({ id: 't', historyLength: 0, metadata: {} })).toStrictEqual({
    id: 't',
    historyLength: 0,
  });
  expect(v03Codec.decodeTaskId({ id: 't' })).toStrictEqual({ id: 't' });
  expect(refusedFields(() => v03Codec.decodeGet({ id: 't', historyLength: -1 }))).toEqual({
    historyLength: 'must be >= 0',
  });
  expect(refusedFields(() => v03Codec.decodeTaskId({}))).toEqual({ id: 'is required' });
});

describe('results', () => {
  test.each<[TaskState, string]>([
    ['TASK_STATE_SUBMITTED', 'submitted'],
    ['TASK_STATE_WORKING', 'working'],
    ['TASK_STATE_COMPLETED', 'completed'],
    ['TASK_STATE_FAILED', 'failed'],
    ['TASK_STATE_CANCELED', 'canceled'],
    ['TASK_STATE_REJECTED', 'rejected'],
    ['TASK_STATE_INPUT_REQUIRED', 'input-required'],
    ['TASK_STATE_AUTH_REQUIRED', 'auth-required'],
  ])('%s is %s', (state, expected) => {
    const encoded = v03Codec.encodeTask({ ...task, status: { ...task.status, state } });
    expect(encoded).toMatchObject({ kind: 'task', status: { state: expected } });
  });

  test('send gives the bare task', () => {
    const sent = v03Codec.encodeSendResult({ task });
    expect(sent).toEqual(v03Codec.encodeTask(task));
    expect(sent).toMatchObject({
      kind: 'task',
      id: task.id,
      status: { timestamp: task.status.timestamp, message: { kind: 'message', role: 'agent' } },
      history: [{ role: 'user', parts: [{ kind: 'text', text: 'hi' }] }, { role: 'agent' }],
      artifacts: [{ artifactId: 'answer', parts: [{ kind: 'text', text: 'Hello world' }] }],
      metadata: { t: true },
    });
  });

  test('what a task does not have is not there', () => {
    const bare = { ...task, status: { state: task.status.state, timestamp: task.status.timestamp } };
    expect(Object.keys(v03Codec.encodeTask({ ...bare, artifacts: [], history: [] }) ?? {})).toEqual([
      'kind',
      'id',
      'contextId',
      'status',
      'metadata',
    ]);
  });

  test.each([[[1, 2]], ['text'], [4], [true], [null]])('data %j is wrapped', (data) => {
    expect(encodePart({ data })).toEqual({ kind: 'data', data: { value: data } });
  });

  test.each([true, false])('final is %j as told, whatever the state', (endsStream) => {
    for (const event of [events.working, events.question]) {
      expect(JSON.parse(v03Codec.encodeEvent(event, endsStream))).toMatchObject({
        kind: 'status-update',
        final: endsStream,
      });
    }
  });

  test('append and lastChunk are always said', () => {
    const { append: _append, lastChunk: _lastChunk, ...update } = events.firstChunk.artifactUpdate;
    const silent = { artifactUpdate: update };
    for (const [event, said] of [
      [events.firstChunk, false],
      [silent, false],
      [events.lastChunk, true],
    ] as const) {
      expect(JSON.parse(v03Codec.encodeEvent(event, false))).toMatchObject({ append: said, lastChunk: said });
    }
  });

  test.each(Object.entries(events))("the SDK translates the %s event into v1.0's", (_name, event) => {
    const legacy: unknown = JSON.parse(v03Codec.encodeEvent(event, false));
    const translated = SdkStreamResponse.toJSON(legacyPushNotificationToV1StreamResponse(legacy));
    expect(withoutTextTypes(translated)).toEqual(JSON.parse(v1Codec.encodeEvent(event, false)));
  });
});

/** The SDK gives text and data parts a media type that nobody sent. */
function withoutTextTypes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !('text' in member || 'data' in member))
      return member;
    const { mediaType: _mediaType, ...part } = member as Record<string, unknown>;
    return part;
  });
}

test('the methods of v0.3 §7; there is none to list tasks', () => {
  expect(v03Codec.version).toBe('0.3');
  expect(v03Codec.extensionsHeader).toBe('X-A2A-Extensions');
  expect(Object.fromEntries(v03Codec.methods)).toEqual({
    'message/send': 'sendMessage',
    'message/stream': 'sendStreamingMessage',
    'tasks/get': 'getTask',
    'tasks/cancel': 'cancelTask',
    'tasks/resubscribe': 'subscribeToTask',
    'tasks/pushNotificationConfig/set': 'createPushConfig',
    'tasks/pushNotificationConfig/get': 'getPushConfig',
    'tasks/pushNotificationConfig/list': 'listPushConfigs',
    'tasks/pushNotificationConfig/delete': 'deletePushConfig',
    'agent/getAuthenticatedExtendedCard': 'getExtendedCard',
  });
  const page = { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 };
  expect(refusal(() => v03Codec.decodeList({})).reason).toBe('method_not_found');
  expect(refusal(() => v03Codec.encodeList(page)).reason).toBe('method_not_found');
});
