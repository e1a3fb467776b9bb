import { randomUUID } from 'node:crypto';
import { A2AService as v1 } from '@a2a-js/sdk/server/grpc';
import { LegacyA2AService as v03 } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import {
  decodeErrorInfo,
  decodeStatus,
  fromGrpcError,
  GRPC_STATUS_DETAILS_BIN,
} from '@a2a-js/sdk/errors/grpc';
import { VersionNotSupportedError } from '@a2a-js/sdk/errors';
import { SendMessageRequest, type StreamResponse } from '@a2a-js/sdk';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { GrpcCaller } from '../support/grpc-clients.ts';
import { gate, text, type Reply } from '../support/model-replies.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { conversationHistoryUri } from '../support/protocol-versions.ts';
import { v1Text } from '../support/rpc.ts';
import { cardUrl } from '../support/sdk-clients.ts';
import { until } from '../support/wait.ts';

let model: ModelServer;
let replies: Reply[] = [];
let gateway: TestGateway;
let caller: GrpcCaller;

beforeAll(async () => {
  model = await startModelServer(() => replies.shift() ?? text('no reply was scripted'));
  gateway = await startGateway({
    files: {
      'secret.yaml': agentFile('secret', { access: 'assigned' }),
      'talker.yaml': agentFile('talker'),
    },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0', DEFAULT_AGENT: 'talker', MAX_BODY_BYTES: '65536' },
  });
  caller = new GrpcCaller(gateway.grpcAddress ?? '');
});

afterAll(async () => {
  caller.close();
  await gateway.stop();
  await model.close();
});

/** A send as JSON says it; ProtoJSON of v1.0. */
function sending(text: string, changes: object = {}): SendMessageRequest {
  return SendMessageRequest.fromJSON({ ...v1Text(text), ...changes });
}

const anyTask = { tenant: '', id: 'no-such-task', historyLength: undefined };

/** What the trailers tell beside the code. */
function detailsOf(error: ServiceError | undefined): { reason: string; domain: string; types: string[] } {
  const [bytes] = error?.metadata.get(GRPC_STATUS_DETAILS_BIN) ?? [];
  if (!Buffer.isBuffer(bytes)) throw new Error('No details.');
  const decoded = decodeStatus(bytes);
  expect(decoded.code).toBe(error?.code);
  const [info] = decoded.details;
  const { reason, domain } = decodeErrorInfo(info?.value ?? Buffer.alloc(0));
  return { reason, domain, types: decoded.details.map(({ typeUrl }) => typeUrl) };
}

async function refused(
  call: Promise<{ error?: ServiceError }>,
): Promise<{ code: number | undefined; reason: string }> {
  const { error } = await call;
  const { reason, domain } = detailsOf(error);
  expect(domain).toBe('a2a-protocol.org');
  return { code: error?.code, reason };
}

/** The error that ends a stream. */
async function endOf(stream: AsyncIterable<StreamResponse>): Promise<ServiceError | undefined> {
  try {
    for await (const _ of stream);
    return undefined;
  } catch (error) {
    return error as ServiceError;
  }
}

describe('refusals', () => {
  test.each([
    ['bad credentials', { authorization: 'SSWS wrong' }, status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['no credentials', { authorization: '' }, status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['a missing agent', { 'x-agent-id': 'nobody' }, status.NOT_FOUND, 'AGENT_NOT_FOUND'],
    ['a hidden agent', { 'x-agent-id': 'secret', authorization: '' }, status.NOT_FOUND, 'AGENT_NOT_FOUND'],
    ['ill-typed properties', { 'x-properties': 'max_steps=none' }, status.INVALID_ARGUMENT, 'INVALID_PARAMS'],
    ['another version', { 'a2a-version': '0.3' }, status.FAILED_PRECONDITION, 'VERSION_NOT_SUPPORTED'],
    ['an unknown version', { 'a2a-version': '9.9' }, status.FAILED_PRECONDITION, 'VERSION_NOT_SUPPORTED'],
    ['a missing task', { 'a2a-version': '1.0.1' }, status.NOT_FOUND, 'TASK_NOT_FOUND'],
  ])('%s', async (_, metadata, code, reason) => {
    const call = caller.unary(v1.getTask, anyTask, metadata);
    expect(await refused(call)).toEqual({ code, reason });
    const subscribing = caller.stream(v1.subscribeToTask, anyTask, metadata);
    const error = await endOf(subscribing);
    expect(error?.code).toBe(code);
    expect(detailsOf(error).reason).toBe(reason);
  });

  test('v0.3: version 1.0 is no version of this service', async () => {
    const call = caller.unary(
      v03.getTask,
      { name: 'tasks/none', historyLength: 0 },
      { 'a2a-version': '1.0' },
    );
    expect(await refused(call)).toEqual({
      code: status.FAILED_PRECONDITION,
      reason: 'VERSION_NOT_SUPPORTED',
    });
  });

  test('bad input names its fields', async () => {
    const { error } = await caller.unary(v1.sendMessage, sending('', { message: { messageId: 'm' } }));
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(detailsOf(error).types).toEqual([
      'type.googleapis.com/google.rpc.ErrorInfo',
      'type.googleapis.com/google.rpc.BadRequest',
    ]);
    expect(error?.metadata.get(GRPC_STATUS_DETAILS_BIN).toString()).toContain('is required');
  });

  test("are the SDK's own errors to its clients", async () => {
    const { error } = await caller.unary(v1.getTask, anyTask, { 'a2a-version': '2.0' });
    expect(fromGrpcError(error as ServiceError)).toBeInstanceOf(VersionNotSupportedError);
  });

  test('have the id under which the log has them', async () => {
    const { error } = await caller.unary(v1.getTask, anyTask, { 'x-request-id': 'my-request' });
    expect(error?.metadata.get('x-request-id')).toEqual(['my-request']);
    expect(gateway.logged()).toContain('my-request');
  });
});

test('the tenant names the agent, before the metadata', async () => {
  replies = [text('Mine.')];
  const request = { ...sending('Hi'), tenant: 'talker' };
  const sent = await caller.unary(v1.sendMessage, request, { 'x-agent-id': 'nobody' });
  expect(sent.response?.payload?.$case).toBe('task');
  const unknown = caller.unary(v1.getTask, { ...anyTask, tenant: 'nobody' }, { 'x-agent-id': 'talker' });
  expect((await refused(unknown)).reason).toBe('AGENT_NOT_FOUND');
});

test('activated extensions are in the initial metadata, before the first message', async () => {
  replies = [text('Yes.')];
  const asked = { 'a2a-extensions': `${conversationHistoryUri},urn:unknown` };
  const sent = await caller.unary(v1.sendMessage, sending('Hi'), asked);
  expect(sent.initial.get('a2a-extensions')).toEqual([conversationHistoryUri]);
  const held = gate();
  replies = [text(held, 'late')];
  const stream = caller.stream(v1.sendStreamingMessage, sending('Hi'), asked);
  const order: string[] = [];
  stream.on('metadata', (metadata) => order.push(`metadata ${metadata.get('a2a-extensions').join(',')}`));
  stream.on('data', () => order.push('message'));
  await until(() => order.includes('message'), { what: 'the first message' });
  expect(order[0]).toBe(`metadata ${conversationHistoryUri}`);
  held.open();
  await until(() => stream.readableEnded, { what: 'the end of the stream' });
});

test('v0.3 has its own name for the extensions', async () => {
  const metadata = { 'x-a2a-extensions': conversationHistoryUri };
  const message = {
    messageId: randomUUID(),
    contextId: '',
    taskId: '',
    role: 1,
    metadata: undefined,
    extensions: [],
    content: [{ part: { $case: 'text' as const, value: 'Hi' } }],
  };
  const request = { request: message, configuration: undefined, metadata: undefined };
  const sent = await caller.unary(v03.sendMessage, request, metadata);
  expect(sent.response?.payload?.$case).toBe('task');
  expect(sent.initial.get('x-a2a-extensions')).toEqual([conversationHistoryUri]);
  expect(sent.initial.get('a2a-extensions')).toEqual([]);
});

test('the card offers v0.3 over gRPC only while the agent is the default one', async () => {
  const own = await startGateway({
    files: { 'talker.yaml': agentFile('talker') },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0' },
  });
  const transports = async (): Promise<string[]> => {
    const card = (await (await fetch(cardUrl(own, 'talker'))).json()) as {
      additionalInterfaces: { transport: string; url: string }[];
    };
    return card.additionalInterfaces.filter(({ transport }) => transport === 'GRPC').map(({ url }) => url);
  };
  expect(await transports()).toEqual([`http://${own.grpcAddress}`]);
  await own.write('before.yaml', stringify(agentFile('before')));
  await until(async () => (await transports()).length === 0, { what: 'another agent to be the default one' });
  await own.stop();
});

test('the extended card comes over gRPC, signed, in both versions', async () => {
  const refund = { id: 'refund', name: 'Refund', description: 'Pays back.', tags: ['money'] };
  const extendedCard = { description: 'All that it can do.', skills: [refund] };
  const own = await startGateway({
    files: { 'talker.yaml': { ...agentFile('talker'), extendedCard } },
    env: { ...modelEnv(model.baseUrl), GRPC_PORT: '0' },
  });
  const to = new GrpcCaller(own.grpcAddress ?? '');
  const current = await to.unary(v1.getExtendedAgentCard, { tenant: 'talker' });
  expect(current.response?.description).toBe(extendedCard.description);
  expect(current.response?.supportedInterfaces).toContainEqual({
    url: own.grpcAddress,
    protocolBinding: 'GRPC',
    protocolVersion: '1.0',
    tenant: 'talker',
  });
  expect(current.response?.signatures[0]?.signature).toMatch(/^[\w-]{80,}$/);
  const legacy = await to.unary(v03.getAgentCard, {});
  expect(legacy.response?.skills.map(({ id }) => id)).toContain('refund');
  expect(legacy.response?.supportsAuthenticatedExtendedCard).toBe(true);
  expect(legacy.response?.signatures[0]?.signature).toMatch(/^[\w-]{80,}$/);
  to.close();
  await own.stop();
});
