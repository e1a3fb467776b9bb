import { StreamResponse as SdkStreamResponse, Task as SdkTask } from '@a2a-js/sdk';
import { describe, expect, test } from '@jest/globals';
import { v1Codec } from '../../../src/a2a/v1/codec.ts';
import { events, task } from '../wire-samples.ts';
import { refusal, refusedFields } from '../refusal.ts';

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };

function sendWith(members: object, configuration?: object): () => unknown {
  return () =>
    v1Codec.decodeSend({ message: { ...message, ...members }, ...(configuration && { configuration }) });
}

function sendPart(part: unknown): () => unknown {
  return sendWith({ parts: [{ text: 'before' }, part] });
}

describe('SendMessage params', () => {
  test('the smallest request blocks and carries nothing more', () => {
    expect(v1Codec.decodeSend({ message })).toStrictEqual({ message, blocking: true });
  });

  test('everything that it may carry', () => {
    const full = {
      ...message,
      contextId: 'c-1',
      taskId: 't-1',
      metadata: { a: [1] },
      extensions: ['urn:x'],
      referenceTaskIds: ['t-0'],
      parts: [
        { text: '', metadata: { m: 1 } },
        { data: [1, null], mediaType: 'application/json' },
        { data: null },
        { raw: 'aGk', filename: 'a.txt', mediaType: 'text/plain' },
        { url: 'https://example.com/a' },
      ],
    };
    const configuration = {
      acceptedOutputModes: ['text/plain'],
      historyLength: 0,
      returnImmediately: true,
      taskPushNotificationConfig: { url: 'https://example.com/hook' },
    };
    expect(v1Codec.decodeSend({ message: full, configuration, metadata: { b: 2 } })).toStrictEqual({
      message: full,
      blocking: false,
      historyLength: 0,
      acceptedOutputModes: ['text/plain'],
      pushConfig: { url: 'https://example.com/hook' },
      metadata: { b: 2 },
    });
  });

  test('unknown members are ignored, null and empty ones count as absent', () => {
    const request = {
      tenant: 'acme',
      message: {
        ...message,
        kind: 'message',
        contextId: '',
        taskId: null,
        extensions: [],
        metadata: null,
        parts: [{ kind: 'text', text: 'hi', data: null, filename: '' }],
      },
      configuration: null,
    };
    expect(v1Codec.decodeSend(request)).toStrictEqual({ message, blocking: true });
  });

  test('a configuration of v0.3 does not make it return at once', () => {
    expect(v1Codec.decodeSend({ message, configuration: { blocking: false } }).blocking).toBe(true);
  });

  test('the older name of the push configuration counts', () => {
    const configuration = { pushNotificationConfig: { url: 'https://example.com/hook' } };
    expect(v1Codec.decodeSend({ message, configuration }).pushConfig).toEqual({
      url: 'https://example.com/hook',
    });
  });

  const long = 'x'.repeat(257);
  const oneOf = 'must have exactly one of text, raw, url and data';
  test.each<[string, () => unknown, string, string]>([
    ['no params', () => v1Codec.decodeSend(undefined), 'params', 'must be an object'],
    ['params as a list', () => v1Codec.decodeSend([message]), 'params', 'must be an object'],
    ['no message', () => v1Codec.decodeSend({}), 'message', 'is required'],
    ['message null', () => v1Codec.decodeSend({ message: null }), 'message', 'must be an object'],
    ['no messageId', sendWith({ messageId: undefined }), 'message.messageId', 'is required'],
    ['empty messageId', sendWith({ messageId: '' }), 'message.messageId', 'must not be empty'],
    [
      'long messageId',
      sendWith({ messageId: long }),
      'message.messageId',
      'must not be longer than 256 characters',
    ],
    ['no role', sendWith({ role: undefined }), 'message.role', 'is required'],
    ['the agent as role', sendWith({ role: 'ROLE_AGENT' }), 'message.role', 'must be ROLE_USER'],
    ['role of v0.3', sendWith({ role: 'user' }), 'message.role', 'must be ROLE_USER'],
    ['no parts', sendWith({ parts: undefined }), 'message.parts', 'is required'],
    ['empty parts', sendWith({ parts: [] }), 'message.parts', 'must not be empty'],
    [
      'too many parts',
      sendWith({ parts: Array.from({ length: 1001 }, () => ({ text: '' })) }),
      'message.parts',
      'must not have more than 1000 entries',
    ],
    ['a part that is text', sendPart('hi'), 'message.parts[1]', 'must be an object'],
    ['a part without content', sendPart({ filename: 'a' }), 'message.parts[1]', oneOf],
    ['a part with two contents', sendPart({ text: 'a', url: 'b' }), 'message.parts[1]', oneOf],
    ['a part whose text is a number', sendPart({ text: 1 }), 'message.parts[1].text', 'must be a string'],
    ['bytes that are not base64', sendPart({ raw: 'a b=' }), 'message.parts[1].raw', 'must be base64'],
    ['bytes of a wrong length', sendPart({ raw: 'aGkaa' }), 'message.parts[1].raw', 'must be base64'],
    ['an empty url', sendPart({ url: '' }), 'message.parts[1].url', 'must not be empty'],
    [
      'part metadata as list',
      sendPart({ text: '', metadata: [] }),
      'message.parts[1].metadata',
      'must be an object',
    ],
    [
      'long contextId',
      sendWith({ contextId: long }),
      'message.contextId',
      'must not be longer than 256 characters',
    ],
    ['long taskId', sendWith({ taskId: long }), 'message.taskId', 'must not be longer than 256 characters'],
    ['extensions as text', sendWith({ extensions: 'urn:x' }), 'message.extensions', 'must be an array'],
    ['an empty extension', sendWith({ extensions: [''] }), 'message.extensions[0]', 'must not be empty'],
    [
      'negative historyLength',
      sendWith({}, { historyLength: -1 }),
      'configuration.historyLength',
      'must be >= 0',
    ],
    [
      'broken historyLength',
      sendWith({}, { historyLength: 1.5 }),
      'configuration.historyLength',
      'must be a whole number',
    ],
    [
      'returnImmediately as text',
      sendWith({}, { returnImmediately: 'yes' }),
      'configuration.returnImmediately',
      'must be true or false',
    ],
  ])('%s is refused', (_what, call, field, reason) => {
    expect(refusedFields(call)).toEqual({ [field]: reason });
    expect(refusal(call).message).toBe(`${field} ${reason}.`);
  });
});

describe('task params', () => {
  test('get', () => {
    expect(v1Codec.decodeGet({ id: 't', historyLength: 3 })).toStrictEqual({ id: 't', historyLength: 3 });
    expect(v1Codec.decodeGet({ id: 't', historyLength: null })).toStrictEqual({ id: 't' });
    expect(refusedFields(() => v1Codec.decodeGet({}))).toEqual({ id: 'is required' });
    expect(refusedFields(() => v1Codec.decodeGet({ id: 't', historyLength: -1 }))).toEqual({
      historyLength: 'must be >= 0',
    });
  });

  test('cancel and subscribe', () => {
    expect(v1Codec.decodeTaskId({ id: 't', tenant: 'x' })).toStrictEqual({ id: 't' });
    expect(refusedFields(() => v1Codec.decodeTaskId({ id: '' }))).toEqual({ id: 'must not be empty' });
    expect(refusedFields(() => v1Codec.decodeTaskId({ id: 'x'.repeat(257) }))).toEqual({
      id: 'must not be longer than 256 characters',
    });
  });
});

describe('ListTasks params', () => {
  test.each([
    undefined,
    null,
    {},
    { contextId: '', status: 'TASK_STATE_UNSPECIFIED', pageToken: '', pageSize: null },
  ])('the defaults: %j', (params) => {
    expect(v1Codec.decodeList(params)).toStrictEqual({ pageSize: 50, includeArtifacts: false });
  });

  test('every filter', () => {
    const filters = {
      contextId: 'c',
      status: 'TASK_STATE_WORKING',
      pageSize: 100,
      pageToken: 'p',
      historyLength: 0,
      includeArtifacts: true,
    };
    expect(
      v1Codec.decodeList({ ...filters, statusTimestampAfter: '2026-11-23T10:00:00.5+02:00' }),
    ).toStrictEqual({
      ...filters,
      statusTimestampAfter: Date.UTC(2026, 10, 23, 8, 0, 0, 500),
    });
  });

  test.each([
    [{ pageSize: 0 }, { pageSize: 'must be >= 1' }],
    [{ pageSize: 101 }, { pageSize: 'must be <= 100' }],
    [{ historyLength: -1 }, { historyLength: 'must be >= 0' }],
    [{ statusTimestampAfter: 'yesterday' }, { statusTimestampAfter: 'must be an ISO 8601 time' }],
    [{ statusTimestampAfter: '2026-12-31T23:59:60Z' }, { statusTimestampAfter: 'must be an ISO 8601 time' }],
    [{ contextId: 'x'.repeat(257) }, { contextId: 'must not be longer than 256 characters' }],
    [{ status: 'working' }, { status: expect.stringContaining('must be one of TASK_STATE_SUBMITTED, ') }],
  ])('%j is refused', (params, fields) => {
    expect(refusedFields(() => v1Codec.decodeList(params))).toEqual(fields);
  });
});

describe('results', () => {
  test('send wraps the task, get does not', () => {
    expect(v1Codec.encodeSendResult({ task })).toEqual({ task });
    expect(v1Codec.encodeTask(task)).toEqual(task);
  });

  test('empty lists are left out of a task', () => {
    expect(v1Codec.encodeTask({ ...task, artifacts: [], history: [] })).toStrictEqual({
      id: task.id,
      contextId: task.contextId,
      status: task.status,
      metadata: task.metadata,
    });
  });

  test('a page always says all four of its fields', () => {
    expect(v1Codec.encodeList({ tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })).toStrictEqual({
      tasks: [],
      nextPageToken: '',
      pageSize: 50,
      totalSize: 0,
    });
  });

  test("the SDK's codec reads a task and gives it back unchanged", () => {
    expect(SdkTask.toJSON(SdkTask.fromJSON(v1Codec.encodeTask(task)))).toEqual(task);
  });

  test.each(Object.entries(events))("the SDK's codec reads the %s event", (_name, event) => {
    const wire: unknown = JSON.parse(v1Codec.encodeEvent(event, false));
    expect(SdkStreamResponse.toJSON(SdkStreamResponse.fromJSON(wire))).toStrictEqual(wire);
  });

  test('false is not said, nor that the stream ends', () => {
    const [first, last] = [events.firstChunk, events.lastChunk].map(
      (event) => JSON.parse(v1Codec.encodeEvent(event, true)) as { artifactUpdate: object },
    );
    expect(Object.keys(first?.artifactUpdate ?? {})).toEqual(['taskId', 'contextId', 'artifact']);
    expect(last?.artifactUpdate).toMatchObject({ append: true, lastChunk: true });
    expect(v1Codec.encodeEvent(events.question, true)).toBe(JSON.stringify(events.question));
  });
});

test('the methods of spec §9.4', () => {
  expect(v1Codec.version).toBe('1.0');
  expect(v1Codec.extensionsHeader).toBe('A2A-Extensions');
  expect(Object.fromEntries(v1Codec.methods)).toEqual({
    SendMessage: 'sendMessage',
    SendStreamingMessage: 'sendStreamingMessage',
    GetTask: 'getTask',
    ListTasks: 'listTasks',
    CancelTask: 'cancelTask',
    SubscribeToTask: 'subscribeToTask',
    CreateTaskPushNotificationConfig: 'createPushConfig',
    GetTaskPushNotificationConfig: 'getPushConfig',
    ListTaskPushNotificationConfigs: 'listPushConfigs',
    DeleteTaskPushNotificationConfig: 'deletePushConfig',
    GetExtendedAgentCard: 'getExtendedCard',
  });
});
