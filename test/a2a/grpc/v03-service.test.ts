import { LegacyA2AService as methods } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import { describe, expect, test } from '@jest/globals';
import { v03Service } from '../../../src/a2a/grpc/v03-service.ts';
import type { Procedure } from '../../../src/a2a/grpc/service.ts';
import { buildCards } from '../../../src/a2a/cards.ts';
import type { OperationName, StreamResponse, Task } from '../../../src/a2a/wire.ts';
import type { JsonObject, Message } from '../../../src/runs/message.ts';
import { agentRevision } from '../agent-revision.ts';

const { codec } = v03Service;

function procedureOf(operation: OperationName): Procedure {
  const found = v03Service.procedures.find((one) => one.operation === operation);
  if (!found) throw new Error(`There is no ${operation}.`);
  return found;
}

const message: Message = {
  messageId: 'm-1',
  contextId: 'c-1',
  taskId: 't-1',
  role: 'ROLE_AGENT',
  parts: [
    { text: 'Hi' },
    { data: { nothing: null, list: [1, 'two', { three: true }] } },
    { raw: 'AAH+/w==', mediaType: 'application/octet-stream' },
    { url: 'https://files.example/a.png', mediaType: 'image/png' },
  ],
  metadata: { a: 1 },
  extensions: ['urn:one'],
};
const task: Task = {
  id: 't-1',
  contextId: 'c-1',
  status: { state: 'TASK_STATE_CANCELED', timestamp: '2026-01-02T03:04:05.006Z', message },
  artifacts: [{ artifactId: 'a-1', name: 'answer', parts: [{ text: 'done' }] }],
  history: [message],
};

const content = [
  { part: { $case: 'text', value: 'Hi' } },
  { part: { $case: 'data', value: { data: { nothing: null, list: [1, 'two', { three: true }] } } } },
  {
    part: {
      $case: 'file',
      value: {
        file: { $case: 'fileWithBytes', value: Buffer.from([0, 1, 254, 255]) },
        mimeType: 'application/octet-stream',
      },
    },
  },
  {
    part: {
      $case: 'file',
      value: { file: { $case: 'fileWithUri', value: 'https://files.example/a.png' }, mimeType: 'image/png' },
    },
  },
];

describe('answers', () => {
  test('a task, with all that it may hold', () => {
    const bytes = procedureOf('getTask').encode(codec.encodeTask(task));
    const sent = { ...message, parts: undefined, role: 2, content };
    expect(methods.getTask.responseDeserialize(bytes)).toEqual({
      id: 't-1',
      contextId: 'c-1',
      status: {
        state: 5,
        timestamp: '2026-01-02T03:04:05.006Z',
        update: expect.objectContaining({ messageId: 'm-1', role: 2, content }),
      },
      artifacts: [
        expect.objectContaining({
          artifactId: 'a-1',
          name: 'answer',
          parts: [{ part: { $case: 'text', value: 'done' } }],
        }),
      ],
      history: [
        expect.objectContaining({ messageId: sent.messageId, metadata: { a: 1 }, extensions: ['urn:one'] }),
      ],
      metadata: undefined,
    });
  });

  test.each<[name: string, event: StreamResponse, endsStream: boolean, payload: object]>([
    [
      'a status that ends the stream',
      { statusUpdate: { taskId: 't', contextId: 'c', status: task.status } },
      true,
      { $case: 'statusUpdate', value: { taskId: 't', contextId: 'c', final: true, status: { state: 5 } } },
    ],
    [
      'a piece of an artifact',
      {
        artifactUpdate: {
          taskId: 't',
          contextId: 'c',
          append: true,
          lastChunk: true,
          artifact: { artifactId: 'a', parts: [{ text: 'x' }] },
        },
      },
      false,
      { $case: 'artifactUpdate', value: { append: true, lastChunk: true, artifact: { artifactId: 'a' } } },
    ],
    ['a direct answer', { message }, false, { $case: 'msg', value: { messageId: 'm-1', content } }],
  ])('%s', (_, event, endsStream, payload) => {
    const json = JSON.parse(codec.encodeEvent(event, endsStream)) as JsonObject;
    const bytes = procedureOf('sendStreamingMessage').encode(json);
    expect(methods.sendStreamingMessage.responseDeserialize(bytes)).toMatchObject({ payload });
  });

  test('push notification configs', () => {
    const config = {
      taskId: 't',
      id: 'p',
      url: 'https://hooks.example/',
      authentication: { schemes: ['Bearer'] },
    };
    const bytes = procedureOf('listPushConfigs').encode(codec.encodePushConfigs([config]));
    expect(methods.listTaskPushNotificationConfig.responseDeserialize(bytes).configs).toEqual([
      {
        name: 'tasks/t/pushNotificationConfigs/p',
        pushNotificationConfig: {
          id: 'p',
          url: 'https://hooks.example/',
          token: '',
          authentication: { schemes: ['Bearer'], credentials: '' },
        },
      },
    ]);
  });

  test('a card, as the gateway makes it', () => {
    const cards = buildCards(agentRevision({}), { publicUrl: 'https://agents.example' });
    const [v1, v03] = [cards.v1, cards.v03].map(({ body }) => JSON.parse(body) as JsonObject);
    const json = codec.encodeExtendedCard({ v1: v1 ?? {}, v03: v03 ?? {} });
    const bytes = procedureOf('getExtendedCard').encode(json);
    const card = methods.getAgentCard.responseDeserialize(bytes);
    expect(card).toMatchObject({
      protocolVersion: '0.3.0',
      name: v03?.['name'],
      url: v03?.['url'],
      preferredTransport: 'JSONRPC',
      capabilities: { streaming: true, pushNotifications: false },
      security: [{ schemes: { ssws: { list: [] } } }, { schemes: { bearer: { list: [] } } }],
      securitySchemes: {
        ssws: {
          scheme: { $case: 'apiKeySecurityScheme', value: { location: 'header', name: 'Authorization' } },
        },
        bearer: { scheme: { $case: 'httpAuthSecurityScheme', value: { scheme: 'bearer' } } },
      },
    });
    const published = (v03 ?? {})['skills'] as { id: string }[];
    expect(card.skills.map(({ id }) => id)).toEqual(published.map(({ id }) => id));
  });
});

describe('requests', () => {
  test('no limit is 0, and a flag that is not set is not there', () => {
    const bytes = methods.getTask.requestSerialize({ name: 'tasks/t-1', historyLength: 0 });
    expect(codec.decodeGet(procedureOf('getTask').decode(bytes))).toEqual({ id: 't-1' });
  });

  test('a push notification config for a task', () => {
    const bytes = methods.createTaskPushNotificationConfig.requestSerialize({
      parent: 'tasks/t-1',
      configId: 'p-1',
      config: {
        name: '',
        pushNotificationConfig: {
          id: '',
          url: 'https://hooks.example/',
          token: 'token',
          authentication: { schemes: ['Bearer'], credentials: 'secret' },
        },
      },
    });
    const params = JSON.parse(JSON.stringify(procedureOf('createPushConfig').decode(bytes))) as unknown;
    expect(codec.decodePushConfig(params)).toEqual({
      taskId: 't-1',
      id: 'p-1',
      url: 'https://hooks.example/',
      token: 'token',
      authentication: { schemes: ['Bearer'], credentials: 'secret' },
    });
  });
});
