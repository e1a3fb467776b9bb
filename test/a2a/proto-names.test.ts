import { expect, test } from '@jest/globals';
import { v1Codec } from '../../src/a2a/v1/codec.ts';
import { v03ProtoCodec } from '../../src/a2a/v03/proto-codec.ts';
import { withJsonNames } from '../../src/a2a/proto-names.ts';

const tree = { '': ['message'], message: ['parts'] };

test('the names of the proto are read as those of its JSON', () => {
  const message = { message_id: 'm', role: 'ROLE_USER', parts: [{ text: 'a', media_type: 'text/plain' }] };
  const configuration = { history_length: 0, task_push_notification_config: { url: 'https://a.example/' } };
  expect(v1Codec.decodeSend({ message: { ...message, task_id: 't' }, configuration })).toEqual({
    message: {
      messageId: 'm',
      role: 'ROLE_USER',
      taskId: 't',
      parts: [{ text: 'a', mediaType: 'text/plain' }],
    },
    blocking: true,
    historyLength: 0,
    pushConfig: { url: 'https://a.example/' },
  });
  expect(v1Codec.decodeGet({ id: 't', history_length: 2 })).toEqual({ id: 't', historyLength: 2 });
  expect(v1Codec.decodePushConfigId({ task_id: 't', id: 'c' })).toEqual({ taskId: 't', id: 'c' });
  expect(v1Codec.decodeList({ page_size: 2, include_artifacts: true })).toMatchObject({
    pageSize: 2,
    includeArtifacts: true,
  });
});

test('what the caller itself named stays as it is', () => {
  const own = { data: { order_id: 1 }, metadata: { is_marked: true } };
  const request = {
    message: { messageId: 'm', parts: [own], metadata: { a_b: { c_d: 1 } } },
    metadata: { e_f: 1 },
  };
  expect(withJsonNames(request, tree)).toBe(request);
});

test('the JSON name wins where both are sent, and what is no object is left to the schema', () => {
  expect(withJsonNames({ task_id: 'old', taskId: 'new' }, tree)).toEqual({ taskId: 'new' });
  for (const value of [null, 'text', 3, [1]]) expect(withJsonNames(value, tree)).toBe(value);
});

test('so it is for the proto-JSON of v0.3, whose Python clients use the names of the proto', () => {
  const file = { file_with_uri: 'https://a.example/a', mime_type: 'text/plain' };
  const message = { message_id: 'm', context_id: 'c', role: 'ROLE_USER', content: [{ text: 'a' }, { file }] };
  expect(v03ProtoCodec.decodeSend({ message, configuration: { history_length: 1 } })).toMatchObject({
    message: { messageId: 'm', contextId: 'c', parts: [{ text: 'a' }, { url: 'https://a.example/a' }] },
    historyLength: 1,
  });
  const config = {
    push_notification_config: { id: 'x', url: 'https://a.example/', token: '', authentication: {} },
  };
  expect(v03ProtoCodec.decodePushConfig({ parent: 'tasks/t', config_id: 'd', config })).toEqual({
    taskId: 't',
    id: 'x',
    url: 'https://a.example/',
  });
});
