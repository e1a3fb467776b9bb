import { describe, expect, test } from '@jest/globals';
import { v03ProtoCodec } from '../../../src/a2a/v03/proto-codec.ts';
import { encodeMessage } from '../../../src/a2a/v03/proto-translate.ts';
import { refusedFields } from '../refusal.ts';

const message = { messageId: 'm-1', role: 'ROLE_USER', content: [{ text: 'hi' }] };
const neutral = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };

function sendWith(members: object, configuration?: object): () => unknown {
  return () =>
    v03ProtoCodec.decodeSend({
      message: { ...message, ...members },
      ...(configuration && { configuration }),
    });
}

function sendPart(part: unknown): () => unknown {
  return sendWith({ content: [{ text: 'before' }, part] });
}

describe('SendMessageRequest', () => {
  test('the smallest request, with the message under either of its names', () => {
    const request = { message: neutral, blocking: true };
    expect(v03ProtoCodec.decodeSend({ message })).toStrictEqual(request);
    expect(v03ProtoCodec.decodeSend({ request: message })).toStrictEqual(request);
  });

  test.each([
    [undefined, true],
    [null, true],
    [{}, false],
    [{ acceptedOutputModes: ['text'] }, false],
    [{ blocking: true }, true],
  ])('configuration %j: blocking %j', (configuration, blocking) => {
    expect(v03ProtoCodec.decodeSend({ message, configuration }).blocking).toBe(blocking);
  });

  test('everything that it may carry comes back as it was sent', () => {
    const full = {
      ...message,
      contextId: 'c-1',
      taskId: 't-1',
      metadata: { a: [1] },
      extensions: ['urn:x'],
      content: [
        { text: '', metadata: { m: 1 } },
        { data: { data: { k: [1] } }, metadata: { m: 2 } },
        { file: { fileWithBytes: 'aGk=', mimeType: 'text/plain', name: 'a.txt' }, metadata: { m: 3 } },
        { file: { fileWithUri: 'https://example.com/a', mimeType: 'text/plain' } },
      ],
    };
    const configuration = {
      acceptedOutputModes: ['text'],
      historyLength: 2,
      pushNotification: { url: 'https://example.com/hook', authentication: { schemes: ['Bearer'] } },
    };
    const request = v03ProtoCodec.decodeSend({ message: full, configuration, metadata: { b: 2 } });
    expect(request).toMatchObject({
      historyLength: 2,
      acceptedOutputModes: ['text'],
      pushConfig: { url: 'https://example.com/hook', authentication: { schemes: ['Bearer'] } },
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

  test('null and empty members count as absent', () => {
    const loose = {
      ...message,
      contextId: '',
      taskId: null,
      content: [{ text: 'hi', file: null, data: null }],
    };
    expect(v03ProtoCodec.decodeSend({ message: loose }).message).toStrictEqual(neutral);
  });

  const oneOf = 'must have exactly one of text, file and data';
  const oneFile = 'must have exactly one of fileWithBytes and fileWithUri';
  test.each<[string, () => unknown, string, string]>([
    ['no params', () => v03ProtoCodec.decodeSend(undefined), 'params', 'must be an object'],
    ['no message', () => v03ProtoCodec.decodeSend({}), 'message', 'is required'],
    ['no messageId', sendWith({ messageId: undefined }), 'message.messageId', 'is required'],
    ['the agent as role', sendWith({ role: 'ROLE_AGENT' }), 'message.role', 'must be ROLE_USER'],
    ['role of JSON-RPC', sendWith({ role: 'user' }), 'message.role', 'must be ROLE_USER'],
    [
      'parts in place of content',
      sendWith({ content: undefined, parts: [] }),
      'message.content',
      'is required',
    ],
    ['empty content', sendWith({ content: [] }), 'message.content', 'must not be empty'],
    [
      'too many parts',
      sendWith({ content: Array.from({ length: 1001 }, () => ({ text: 'a' })) }),
      'message.content',
      'must not have more than 1000 entries',
    ],
    ['an empty part', sendPart({}), 'message.content[1]', oneOf],
    ['two contents', sendPart({ text: 'a', data: { data: {} } }), 'message.content[1]', oneOf],
    ['text that is none', sendPart({ text: 1 }), 'message.content[1].text', 'must be a string'],
    ['data of JSON-RPC', sendPart({ data: { a: 1 } }), 'message.content[1].data.data', 'is required'],
    [
      'a list as data',
      sendPart({ data: { data: [1] } }),
      'message.content[1].data.data',
      'must be an object',
    ],
    ['a file without content', sendPart({ file: {} }), 'message.content[1].file', oneFile],
    [
      'bytes that are not base64',
      sendPart({ file: { fileWithBytes: '%' } }),
      'message.content[1].file.fileWithBytes',
      'must be base64',
    ],
    [
      'a long contextId',
      sendWith({ contextId: 'x'.repeat(257) }),
      'message.contextId',
      'must not be longer than 256 characters',
    ],
    [
      'negative historyLength',
      sendWith({}, { historyLength: -1 }),
      'configuration.historyLength',
      'must be >= 0',
    ],
    ['blocking as text', sendWith({}, { blocking: 'no' }), 'configuration.blocking', 'must be true or false'],
    [
      'a push config without url',
      sendWith({}, { pushNotification: {} }),
      'configuration.pushNotification.url',
      'is required',
    ],
  ])('%s is refused', (_what, call, field, reason) => {
    expect(refusedFields(call)).toEqual({ [field]: reason });
  });
});

describe('the task of a request', () => {
  test('by the id of a path or by its resource name', () => {
    expect(v03ProtoCodec.decodeTaskId({ id: 't' })).toStrictEqual({ id: 't' });
    expect(v03ProtoCodec.decodeTaskId({ name: 'tasks/t' })).toStrictEqual({ id: 't' });
    expect(v03ProtoCodec.decodeTaskId({ id: 't', name: 'tasks/other' })).toStrictEqual({ id: 't' });
  });

  test('with a history length in either spelling', () => {
    const request = { id: 't', historyLength: 0 };
    expect(v03ProtoCodec.decodeGet({ id: 't', historyLength: 0 })).toStrictEqual(request);
    expect(v03ProtoCodec.decodeGet({ name: 'tasks/t', history_length: 0 })).toStrictEqual(request);
    expect(refusedFields(() => v03ProtoCodec.decodeGet({ id: 't', history_length: -1 }))).toEqual({
      historyLength: 'must be >= 0',
    });
  });

  test.each(['task/t', 'tasks/', 'tasks/a/b', `tasks/${'x'.repeat(257)}`, 'tasks'])('not %s', (name) => {
    expect(refusedFields(() => v03ProtoCodec.decodeTaskId({ name }))).toEqual({
      name: 'must be a resource name that begins with tasks/{id}',
    });
  });

  test.each([{}, { id: '' }, { id: null }])('not without one: %j', (params) => {
    expect(refusedFields(() => v03ProtoCodec.decodeTaskId(params))).toEqual({ id: 'is required' });
  });
});

test("the parameters of a list are v1.0's, with the state as v0.3 spells it", () => {
  expect(v03ProtoCodec.decodeList({ status: 'TASK_STATE_CANCELLED', pageSize: 2 })).toStrictEqual({
    status: 'TASK_STATE_CANCELED',
    pageSize: 2,
    includeArtifacts: false,
  });
  expect(v03ProtoCodec.decodeList(undefined)).toStrictEqual({ pageSize: 50, includeArtifacts: false });
});

describe('push notification configs', () => {
  const url = 'https://example.com/hook';
  const config = { taskId: 't', id: 'c', url, authentication: { schemes: ['Bearer'], credentials: 'x' } };
  const onWire = {
    name: 'tasks/t/pushNotificationConfigs/c',
    pushNotificationConfig: { id: 'c', url, authentication: { schemes: ['Bearer'], credentials: 'x' } },
  };

  test('one comes back as it went out; a list has a page token', () => {
    expect(v03ProtoCodec.encodePushConfig(config)).toStrictEqual(onWire);
    expect(v03ProtoCodec.decodePushConfig(onWire)).toStrictEqual(config);
    expect(v03ProtoCodec.encodePushConfigs([config])).toStrictEqual({ configs: [onWire], nextPageToken: '' });
  });

  test('the ways to create one', () => {
    const bare = { taskId: 't', id: 'default', url };
    const sent = { pushNotificationConfig: { url } };
    expect(v03ProtoCodec.decodePushConfig({ taskId: 't', ...sent })).toStrictEqual(bare);
    expect(v03ProtoCodec.decodePushConfig({ taskId: 't', config: sent })).toStrictEqual(bare);
    expect(v03ProtoCodec.decodePushConfig({ parent: 'tasks/t', configId: 'c', config: sent })).toStrictEqual({
      ...bare,
      id: 'c',
    });
    expect(refusedFields(() => v03ProtoCodec.decodePushConfig({ taskId: 't' }))).toEqual({
      pushNotificationConfig: 'is required',
    });
    expect(refusedFields(() => v03ProtoCodec.decodePushConfig(sent))).toEqual({ taskId: 'is required' });
  });

  test('the ways to name one', () => {
    const id = { taskId: 't', id: 'c' };
    expect(v03ProtoCodec.decodePushConfigId(id)).toStrictEqual(id);
    expect(v03ProtoCodec.decodePushConfigId({ name: onWire.name })).toStrictEqual(id);
    expect(v03ProtoCodec.decodePushConfigId({ taskId: 't' })).toStrictEqual({ taskId: 't' });
    expect(v03ProtoCodec.decodePushConfigList({ parent: 'tasks/t' })).toStrictEqual({ taskId: 't' });
    expect(v03ProtoCodec.decodePushConfigList({ taskId: 't' })).toStrictEqual({ taskId: 't' });
  });
});
