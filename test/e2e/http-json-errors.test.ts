import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { httpJson, type HttpJsonRequest } from '../support/http-json.ts';
import { text } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { v03ProtoText, v1Text } from '../support/rpc.ts';

const requiredUri = 'urn:test:required';

let model: ModelServer;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startModelServer(text('Fine.'));
  gateway = await startGateway({
    files: {
      'talker.yaml': agentFile('talker'),
      'strict.yaml': agentFile('strict', {}, { extensions: [{ uri: requiredUri, required: true }] }),
      'mute.yaml': agentFile('mute', {}, { capabilities: { streaming: false } }),
    },
    env: modelEnv(model.baseUrl),
  });
});

afterAll(async () => {
  await gateway.stop();
  await model.close();
  expect(gateway.logged()).not.toContain('"level":"error"');
});

interface Refusal {
  http: number;
  status: string;
  /** JSON-RPC code, which v0.3 has. */
  code: number;
  reason: string;
}

const refusals = {
  noTask: { http: 404, status: 'NOT_FOUND', code: -32001, reason: 'TASK_NOT_FOUND' },
  noAgent: { http: 404, status: 'NOT_FOUND', code: -32000, reason: 'AGENT_NOT_FOUND' },
  nowhere: { http: 404, status: 'UNIMPLEMENTED', code: -32601, reason: 'METHOD_NOT_FOUND' },
  invalid: { http: 400, status: 'INVALID_ARGUMENT', code: -32602, reason: 'INVALID_PARAMS' },
  malformed: { http: 400, status: 'INVALID_ARGUMENT', code: -32700, reason: 'PARSE_ERROR' },
  wrongType: { http: 400, status: 'INVALID_ARGUMENT', code: -32005, reason: 'CONTENT_TYPE_NOT_SUPPORTED' },
  version: { http: 400, status: 'FAILED_PRECONDITION', code: -32009, reason: 'VERSION_NOT_SUPPORTED' },
  extension: { http: 400, status: 'FAILED_PRECONDITION', code: -32008, reason: 'EXTENSION_SUPPORT_REQUIRED' },
  unsupported: { http: 400, status: 'FAILED_PRECONDITION', code: -32004, reason: 'UNSUPPORTED_OPERATION' },
  notCancelable: { http: 400, status: 'FAILED_PRECONDITION', code: -32002, reason: 'TASK_NOT_CANCELABLE' },
  unauthorized: { http: 401, status: 'UNAUTHENTICATED', code: -32000, reason: 'UNAUTHENTICATED' },
} satisfies Record<string, Refusal>;

const versions = [
  { version: '1.0', prefix: '', type: 'application/a2a+json', send: v1Text },
  { version: '0.3', prefix: '/v1', type: 'application/json', send: v03ProtoText },
] as const;

describe.each(versions)('a refusal in HTTP+JSON of A2A $version', ({ version, prefix, type, send }) => {
  const info = (reason: string) => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    domain: 'a2a-protocol.org',
    reason,
  });

  /** Checks status, media type and the whole shape of the body; gives the answer back. */
  async function refused(path: string, refusal: Refusal, options?: HttpJsonRequest): Promise<Response> {
    const response = await httpJson(gateway.url, path, options);
    const body: unknown = await response.json();
    expect(response.status).toBe(refusal.http);
    expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    const details = expect.arrayContaining([expect.objectContaining(info(refusal.reason))]);
    const message = expect.any(String);
    expect(body).toEqual(
      version === '1.0'
        ? { error: { code: refusal.http, status: refusal.status, message, details } }
        : { code: refusal.code, message, data: details },
    );
    return response;
  }

  test.each([
    ['GET', 'tasks/nobody'],
    ['GET', `tasks/${'x'.repeat(256)}`],
    ['GET', 'tasks/__proto__'],
    ['POST', 'tasks/nobody:cancel'],
    ['POST', 'tasks/nobody:subscribe'],
    ['GET', 'tasks/..%2f..%2fhealth'],
  ])('%s %s: no such task', async (method, path) => {
    await refused(`talker${prefix}/${path}`, refusals.noTask, { method });
  });

  test.each([
    ['GET', 'nothing'],
    ['GET', 'message:send'],
    ['PUT', 'tasks/t'],
    ['DELETE', 'tasks/t'],
    ['GET', 'tasks/t:cancel'],
    ['POST', 'tasks/t:explode'],
    ['GET', 'tasks/t/pushNotificationConfigs/c/d'],
    ['POST', 'message:send%00'],
    ['GET', `${'/'.repeat(7_000)}x`],
    ['GET', `tasks/t${'/'.repeat(7_000)}x`],
  ])('%s %s: nothing there', async (method, path) => {
    await refused(`talker${prefix}/${path}`, refusals.nowhere, { method });
  });

  test.each([
    ['tasks/t?historyLength=-1', 'historyLength'],
    ['tasks/t?historyLength=many', 'historyLength'],
    ['tasks/t?historyLength=1.5', 'historyLength'],
    ['tasks/t?historyLength=', 'historyLength'],
    ['tasks/t?historyLength=1&historyLength=2', 'historyLength'],
    ['tasks?pageSize=0', 'pageSize'],
    ['tasks?pageSize=101', 'pageSize'],
    ['tasks?status=WORKING', 'status'],
    ['tasks?includeArtifacts=TRUE', 'includeArtifacts'],
    ['tasks?includeArtifacts=1', 'includeArtifacts'],
    ['tasks?statusTimestampAfter=yesterday', 'statusTimestampAfter'],
    ['tasks?contextId=%00', 'contextId'],
    [`tasks/${'x'.repeat(257)}`, 'id'],
  ])('GET %s names %s', async (path, field) => {
    const response = await httpJson(gateway.url, `talker${prefix}/${path}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`"field":"${field}"`);
  });

  test.each(['tasks/%ff', 'tasks/a%00b', 'tasks/%'])('GET %s: an id that none can be', async (path) => {
    // Fetch would mend the address.
    const { hostname, port } = new URL(gateway.url);
    const outgoing = request({
      hostname,
      port,
      path: `/a2a/talker${prefix}/${path}`,
      headers: { Authorization: `SSWS ${adminKey}` },
    }).end();
    const { promise, resolve } = Promise.withResolvers<NodeJS.ReadableStream & { statusCode?: number }>();
    outgoing.once('response', resolve);
    const response = await promise;
    expect(response.statusCode).toBe(400);
    expect(JSON.stringify(await json(response))).toContain('INVALID_PARAMS');
  });

  test('a bad body', async () => {
    const path = `talker${prefix}/message:send`;
    await refused(path, refusals.malformed, { body: '{bad' });
    await refused(path, refusals.invalid, { body: '[]' });
    await refused(path, refusals.invalid, { body: '', method: 'POST' });
    await refused(path, refusals.invalid, { body: { message: { messageId: 'm', role: 'ROLE_USER' } } });
    await refused(path, refusals.wrongType, { body: send('Hi'), headers: { 'Content-Type': 'text/plain' } });
  });

  test('a version that nobody speaks, in header and query', async () => {
    const path = `talker${prefix}/message:send`;
    const body = send('Hi');
    await refused(path, refusals.version, { body, headers: { 'A2A-Version': '2.0' } });
    await refused(`${path}?A2A-Version=0.2`, refusals.version, { body });
    await refused(`${path}?A2A-Version=1.0&A2A-Version=0.3`, refusals.invalid, { body });
  });

  test('no credentials, or an agent that is not there: before the body is looked at', async () => {
    const options = { body: '{bad', headers: { 'Content-Type': 'text/plain' } };
    const challenged = await refused(`talker${prefix}/message:send`, refusals.unauthorized, {
      ...options,
      authorization: null,
    });
    expect(challenged.headers.get('www-authenticate')).toContain('SSWS');
    await refused(`nobody${prefix}/message:send`, refusals.noAgent, options);
    await refused(`nobody${prefix}/nothing`, refusals.noAgent);
  });

  test('a required extension, and a stream of an agent that has none', async () => {
    const body = send('Hi');
    await refused(`strict${prefix}/message:send`, refusals.extension, { body });
    await refused(`strict${prefix}/message:stream`, refusals.extension, { body });
    await refused(`mute${prefix}/message:stream`, refusals.unsupported, { body });
  });

  test('a finished task: nothing to cancel, nothing to subscribe to, a task at no other agent', async () => {
    const sent = await httpJson(gateway.url, `talker${prefix}/message:send`, { body: send(randomUUID()) });
    const { id } = ((await sent.json()) as { task: { id: string } }).task;
    await refused(`talker${prefix}/tasks/${id}:cancel`, refusals.notCancelable, { method: 'POST' });
    await refused(`talker${prefix}/tasks/${id}:subscribe`, refusals.unsupported);
    await refused(`mute${prefix}/tasks/${id}`, refusals.noTask);
  });

  test('what is not below an agent is left to others', async () => {
    const card = await httpJson(gateway.url, 'talker/.well-known/agent-card.json');
    expect(card.status).toBe(200);
    const bare = await httpJson(gateway.url, 'talker');
    expect(bare.status).toBe(404);
    expect(await bare.json()).toMatchObject({ error: { code: 'not_found' } });
  });
});
