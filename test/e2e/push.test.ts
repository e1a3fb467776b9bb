import { createHash, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { testVersions, type TestVersion } from '../support/protocol-versions.ts';
import { call, post, rpc, v1Text, type RpcAnswer } from '../support/rpc.ts';
import { collect, readSse } from '../support/sse-reader.ts';
import { said, startWebhook, type Received, type Webhook } from '../support/webhook.ts';

const responseSchema = { type: 'object', properties: { state: { type: 'string' } }, required: ['state'] };
const token = 'token of the task';
let model: ModelServer;
let webhook: Webhook;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(({ body }) =>
    body.response_format ? text('{"state":"sent"}') : text('It is ', 'on its ', 'way.'),
  );
  gateway = await startGateway({
    files: {
      'desk.yaml': agentFile('desk', { responseSchema }),
      'quiet.yaml': agentFile('quiet', {}, { capabilities: { pushNotifications: false } }),
    },
    env: { ...modelEnv(model.baseUrl), EGRESS_ALLOW: '127.0.0.1' },
  });
});

beforeEach(async () => {
  webhook = await startWebhook();
});

afterEach(async () => {
  await webhook.close();
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
});

async function ask(
  version: TestVersion,
  method: string,
  params: unknown,
  agentId = 'desk',
): Promise<RpcAnswer> {
  return await call(gateway.url, agentId, rpc(method, params), {
    headers: { 'A2A-Version': version.version },
  });
}

/** A send whose task is to be told to the webhook. */
function sendWith(version: TestVersion, config: object): object {
  const params = version.params([version.text('Where is my order?')]);
  const { version: name } = version;
  const configuration =
    name === '1.0'
      ? { taskPushNotificationConfig: config }
      : { blocking: true, pushNotificationConfig: config };
  return { ...params, configuration };
}

function authenticationOf({ version }: TestVersion): object {
  const credentials = 'credentials-of-the-receiver';
  return version === '1.0' ? { scheme: 'Bearer', credentials } : { schemes: ['Bearer'], credentials };
}

describe.each(testVersions)('an inline config of $version', (version) => {
  test('is told of the task in the same version, in order', async () => {
    const params = sendWith(version, {
      url: `${webhook.url}/hook`,
      token,
      authentication: authenticationOf(version),
    });
    const { id } = version.task(await ask(version, version.send, params));
    const isV1 = version.version === '1.0';
    const received = await webhook.arrived(isV1 ? 4 : 2);
    const expected = isV1
      ? ['working', 'answer', 'structured-response', 'completed']
      : ['working', 'completed'];
    expect(received.map(said)).toEqual(expected);
    for (const { method, path, headers } of received) {
      expect([method, path]).toEqual(['POST', '/hook']);
      expect(headers).toMatchObject({
        'content-type': isV1 ? 'application/a2a+json' : 'application/json',
        authorization: 'Bearer credentials-of-the-receiver',
        'x-a2a-notification-token': token,
        'webhook-id': expect.stringMatching(new RegExp(`^${id}\\.1-\\d+$`)),
        'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      });
    }
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(received.length);
  });

  test('goes with a streaming send too', async () => {
    const params = sendWith(version, { url: webhook.url });
    const response = await post(gateway.url, 'desk', rpc(version.stream, params), {
      headers: { 'A2A-Version': version.version },
    });
    const frames = await collect(readSse(response));
    const received = await webhook.arrived(version.version === '1.0' ? 4 : 2);
    expect(said(received.at(-1) as Received)).toBe('completed');
    // The webhook's id names the same event as the stream's.
    const last = received.at(-1)?.headers['webhook-id'];
    expect(String(last)).toMatch(new RegExp(`\\.${frames.at(-1)?.id}$`));
  });

  test('carries a JWT over the body that the published key set verifies', async () => {
    await ask(version, version.send, sendWith(version, { url: `${webhook.url}/hook?with=query` }));
    const [first] = await webhook.arrived(1);
    const jwt = String(first?.headers['webhook-jwt']);
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(jwt, keys, {
      issuer: gateway.publicUrl,
      audience: webhook.url,
      algorithms: ['ES256'],
    });
    const { iat = 0, exp = 0 } = payload;
    expect(exp - iat).toBe(300);
    expect(payload.jti).toBe(first?.headers['webhook-id']);
    expect(String(iat)).toBe(first?.headers['webhook-timestamp']);
    expect(payload['request_body_sha256']).toBe(
      createHash('sha256')
        .update(first?.text ?? '')
        .digest('hex'),
    );
    expect(decodeProtectedHeader(jwt).alg).toBe('ES256');
  });

  test('that may not be called is refused before there is a task', async () => {
    const before = model.requests.length;
    const answer = await ask(version, version.send, sendWith(version, { url: 'http://10.0.0.1/hook' }));
    expect(answer.error).toMatchObject({
      code: -32602,
      message: 'url is refused: it is a private address.',
      data: [
        { reason: 'INVALID_PARAMS' },
        { fieldViolations: [{ field: 'url', description: expect.any(String) }] },
      ],
    });
    expect(model.requests).toHaveLength(before);
  });
});

describe('the bodies', () => {
  test('of v1.0: the text once and whole, the data whole, states alone', async () => {
    const [v1] = testVersions;
    if (!v1) throw new Error('v1.0 is gone');
    const { id, contextId } = v1.task(await ask(v1, v1.send, sendWith(v1, { url: webhook.url })));
    const [working, answer, structured, completed] = (await webhook.arrived(4)).map(({ text: sent }) =>
      JSON.parse(sent),
    );
    const ids = { taskId: id, contextId };
    const timestamp = expect.any(String);
    expect(working).toEqual({ statusUpdate: { ...ids, status: { state: 'TASK_STATE_WORKING', timestamp } } });
    expect(answer).toEqual({
      artifactUpdate: {
        ...ids,
        artifact: {
          artifactId: 'answer',
          name: 'Answer',
          parts: [{ text: 'It is on its way.', mediaType: 'text/plain' }],
        },
        lastChunk: true,
      },
    });
    expect(structured).toMatchObject({
      artifactUpdate: { ...ids, artifact: { parts: [{ data: { state: 'sent' } }] }, lastChunk: true },
    });
    expect(completed).toEqual({
      statusUpdate: { ...ids, status: { state: 'TASK_STATE_COMPLETED', timestamp } },
    });
  });

  test('of v0.3: the task as of each change of state', async () => {
    const v03 = testVersions[1];
    if (!v03) throw new Error('v0.3 is gone');
    const { id } = v03.task(await ask(v03, v03.send, sendWith(v03, { url: webhook.url })));
    const [working, completed] = (await webhook.arrived(2)).map(({ body }) => body);
    expect(working).toMatchObject({ kind: 'task', id, status: { state: 'working' } });
    expect(working?.artifacts).toBeUndefined();
    const { result } = await ask(v03, v03.get, { id });
    expect(completed).toEqual(result);
    expect(completed?.artifacts?.[0]?.parts[0]?.text).toBe('It is on its way.');
  });
});

describe('an agent whose card says that it sends none', () => {
  test.each(testVersions)('refuses inline configs and all four operations ($version)', async (version) => {
    const isV1 = version.version === '1.0';
    const task = version.task(
      await ask(version, version.send, version.params([version.text('Hi')]), 'quiet'),
    );
    const taskId = task.id;
    const config = { url: webhook.url };
    const calls: [string, object][] = isV1
      ? [
          ['SendMessage', sendWith(version, config)],
          ['SendStreamingMessage', sendWith(version, config)],
          ['CreateTaskPushNotificationConfig', { taskId, ...config }],
          ['GetTaskPushNotificationConfig', { taskId, id: 'a' }],
          ['ListTaskPushNotificationConfigs', { taskId }],
          ['DeleteTaskPushNotificationConfig', { taskId, id: 'a' }],
        ]
      : [
          ['message/send', sendWith(version, config)],
          ['message/stream', sendWith(version, config)],
          ['tasks/pushNotificationConfig/set', { taskId, pushNotificationConfig: config }],
          ['tasks/pushNotificationConfig/get', { id: taskId }],
          ['tasks/pushNotificationConfig/list', { id: taskId }],
          ['tasks/pushNotificationConfig/delete', { id: taskId, pushNotificationConfigId: 'a' }],
        ];
    for (const [method, params] of calls) {
      expect((await ask(version, method, params, 'quiet')).error?.code).toBe(-32003);
    }
  });

  test('the cards say so', async () => {
    for (const [agentId, expected] of [
      ['desk', true],
      ['quiet', false],
    ] as const) {
      for (const version of ['1.0', '0.3']) {
        const card = await fetch(`${gateway.url}/a2a/${agentId}/.well-known/agent-card.json`, {
          headers: { 'A2A-Version': version },
        });
        expect(await card.json()).toMatchObject({ capabilities: { pushNotifications: expected } });
      }
    }
  });
});

test('the same message sent again does not add its config a second time', async () => {
  const params = { ...v1Text('Again?', { messageId: randomUUID() }) };
  const configuration = { taskPushNotificationConfig: { url: webhook.url } };
  const headers = { 'A2A-Version': '1.0' };
  const send = rpc('SendMessage', { ...params, configuration });
  const first = await call<{ task: { id: string } }>(gateway.url, 'desk', send, { headers });
  const second = await call<{ task: { id: string } }>(gateway.url, 'desk', send, { headers });
  const taskId = first.result?.task.id;
  expect(second.result?.task.id).toBe(taskId);
  const listed = await call<{ configs: unknown[] }>(
    gateway.url,
    'desk',
    rpc('ListTaskPushNotificationConfigs', { taskId }),
    { headers },
  );
  expect(listed.result?.configs).toHaveLength(1);
});
