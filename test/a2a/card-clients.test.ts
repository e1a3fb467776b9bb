import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Role, type AgentCard, type Message as CoreMessage } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver } from '@a2a-js/sdk/client';
import type { AgentCard as LegacyCard } from 'a2a-js-sdk-v0-3';
import {
  ClientFactory as LegacyClientFactory,
  DefaultAgentCardResolver as LegacyCardResolver,
} from 'a2a-js-sdk-v0-3/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buildCards, type AgentCards } from '../../src/a2a/cards.ts';
import { negotiate } from '../../src/a2a/versions.ts';
import { agentRevision } from './agent-revision.ts';
import { events, task } from './wire-samples.ts';

interface RpcRequest {
  id: number;
  method: string;
  params: unknown;
}

const calls: { path: string; method: string; params: unknown }[] = [];
let server: Server;
let base = '';
let cards: AgentCards;

/** Cards at `/<shape>.json`; every POST is answered by the codec of its version. */
async function answer(request: IncomingMessage): Promise<{ type: string; body: string }> {
  const json = 'application/json';
  const shape = request.url?.slice(1, -'.json'.length) ?? '';
  if (request.method === 'GET') return { type: json, body: cards[shape as keyof AgentCards].body };
  const rpc = JSON.parse(await text(request)) as RpcRequest;
  calls.push({ path: request.url ?? '', method: rpc.method, params: rpc.params });
  const version = request.headers['a2a-version'];
  const codec = negotiate(typeof version === 'string' ? version : undefined, undefined, rpc.method);
  const respond = (result: string) => `{"jsonrpc":"2.0","id":${rpc.id},"result":${result}}`;
  if (codec.methods.get(rpc.method) === 'sendMessage') {
    return { type: json, body: respond(JSON.stringify(codec.encodeSendResult({ task }))) };
  }
  const frames = Object.values(events).map((event, index, all) =>
    respond(codec.encodeEvent(event, index === all.length - 1)),
  );
  return { type: 'text/event-stream', body: frames.map((frame) => `data: ${frame}\n\n`).join('') };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    answer(request).then(
      ({ type, body }) => response.writeHead(200, { 'Content-Type': type }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cards = buildCards(agentRevision(), { publicUrl: base });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  calls.length = 0;
});

const tolerantResolver = new DefaultAgentCardResolver({ legacyCompat: { enabled: true } });

describe("the v1.0 SDK's card resolver", () => {
  test.each(['v1', 'combined'])('reads the %s card', async (shape) => {
    const card = await new DefaultAgentCardResolver().resolve(base, `/${shape}.json`);
    expect(card.name).toBe('Order desk');
    expect(interfacesOf(card)).toEqual(['JSONRPC 1.0', 'HTTP+JSON 1.0', 'JSONRPC 0.3', 'HTTP+JSON 0.3']);
  });

  test('reads the v0.3 card, when it is told to', async () => {
    const card = await tolerantResolver.resolve(base, '/v03.json');
    expect(interfacesOf(card)).toContain('JSONRPC 0.3');
    expect(card.securitySchemes['bearer']?.scheme?.$case).toBe('httpAuthSecurityScheme');
  });
});

function interfacesOf(card: AgentCard): string[] {
  return card.supportedInterfaces.map((one) => `${one.protocolBinding} ${one.protocolVersion}`);
}

describe("the v0.3 SDK's card resolver", () => {
  test.each(['v03', 'combined'])('reads the %s card', async (shape) => {
    const card: LegacyCard = await new LegacyCardResolver().resolve(base, `/${shape}.json`);
    expect(card.url).toBe(`${base}/a2a/order-desk`);
    expect(card.protocolVersion).toBe('0.3.0');
    expect(card.securitySchemes?.['ssws']).toMatchObject({ type: 'apiKey', in: 'header' });
  });

  test('does not fail at a v1.0 card, which has nothing for it', async () => {
    const card = await new LegacyCardResolver().resolve(base, '/v1.json');
    expect(card.name).toBe('Order desk');
  });
});

describe('a client made from the combined card', () => {
  const message: CoreMessage = {
    messageId: 'm-1',
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [{ content: { $case: 'text', value: 'hi' }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  const request = { tenant: '', message, configuration: undefined, metadata: undefined };
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    cardResolver: tolerantResolver,
  });
  const neutral = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };

  test.each(['plain', 'tolerant'])('of v1.0 speaks v1.0 to the right address: %s', async (kind) => {
    const factory = kind === 'plain' ? new ClientFactory() : new ClientFactory(options);
    const client = await factory.createFromUrl(base, '/combined.json');
    const result = await client.sendMessage(request);
    expect(calls).toMatchObject([{ path: '/a2a/order-desk', method: 'SendMessage' }]);
    expect(negotiate('1.0', undefined, undefined).decodeSend(calls[0]?.params).message).toEqual(neutral);
    expect(result).toMatchObject({ id: task.id, artifacts: [{ artifactId: 'answer', name: 'Answer' }] });
  });

  test('of v1.0 reads the stream', async () => {
    const client = await new ClientFactory().createFromUrl(base, '/combined.json');
    const kinds: (string | undefined)[] = [];
    for await (const event of client.sendMessageStream(request)) kinds.push(event.payload?.$case);
    expect(kinds).toEqual(['task', 'statusUpdate', 'statusUpdate', 'artifactUpdate', 'artifactUpdate']);
  });

  test.each(['combined', 'v03'])('of v0.3 speaks v0.3 to the right address: %s', async (shape) => {
    const client = await new LegacyClientFactory().createFromUrl(base, `/${shape}.json`);
    const sent = {
      kind: 'message',
      messageId: 'm-1',
      role: 'user',
      parts: [{ kind: 'text', text: 'hi' }],
    } as const;
    const result = await client.sendMessage({ message: { ...sent, parts: [...sent.parts] } });
    expect(calls).toMatchObject([{ path: '/a2a/order-desk', method: 'message/send' }]);
    expect(negotiate('0.3', undefined, undefined).decodeSend(calls[0]?.params).message).toEqual(neutral);
    expect(result).toMatchObject({ kind: 'task', id: task.id, status: { state: 'completed' } });
  });

  test('of v0.3 reads the stream', async () => {
    const client = await new LegacyClientFactory().createFromUrl(base, '/combined.json');
    const sent = {
      kind: 'message',
      messageId: 'm-1',
      role: 'user',
      parts: [{ kind: 'text', text: 'hi' }],
    } as const;
    const stream = client.sendMessageStream({ message: { ...sent, parts: [...sent.parts] } });
    const kinds: string[] = [];
    for await (const event of stream) kinds.push(event.kind);
    expect(kinds).toEqual(['task', 'status-update', 'status-update', 'artifact-update', 'artifact-update']);
  });
});
