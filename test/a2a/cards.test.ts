import { createHash } from 'node:crypto';
import { AgentCard as SdkAgentCard } from '@a2a-js/sdk';
import { describe, expect, test } from '@jest/globals';
import { buildCards, chooseCard, type CardDocument } from '../../src/a2a/cards.ts';
import { agentRevision, requestVariable } from './agent-revision.ts';

const publicUrl = 'https://agents.example/gateway';
const url = `${publicUrl}/a2a/order-desk`;
const interfaces = [
  { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  { url, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
];
const revision = agentRevision({ execution: { contextVariables: [requestVariable('customer_id')] } });
const cards = buildCards(revision, { publicUrl });

function read(document: CardDocument): Record<string, unknown> {
  return JSON.parse(document.body) as Record<string, unknown>;
}

describe('the v1.0 card', () => {
  test('says where and how', () => {
    expect(read(cards.v1)).toMatchObject({
      name: 'Order desk',
      version: '1.2.3',
      provider: { organization: 'Acme', url: 'https://acme.example' },
      supportedInterfaces: interfaces,
      capabilities: {
        streaming: true,
        pushNotifications: false,
        extendedAgentCard: false,
        extensions: [
          { uri: expect.stringContaining('provided-values') },
          { uri: expect.stringMatching(/^urn:/) },
        ],
      },
      securityRequirements: [
        { schemes: { ssws: { list: ['user'] } } },
        { schemes: { bearer: { list: ['user'] } } },
      ],
      defaultInputModes: ['text/plain', 'application/json'],
      skills: [{ id: 'status', tags: ['orders'] }],
    });
  });

  test('has no field of v0.3', () => {
    expect(Object.keys(read(cards.v1)).sort()).toEqual([
      'capabilities',
      'defaultInputModes',
      'defaultOutputModes',
      'description',
      'documentationUrl',
      'name',
      'provider',
      'securityRequirements',
      'securitySchemes',
      'skills',
      'supportedInterfaces',
      'version',
    ]);
  });

  test("the SDK's codec reads all of it and gives it back", () => {
    const parsed = SdkAgentCard.fromJSON(read(cards.v1));
    expect(parsed.securitySchemes['bearer']?.scheme).toMatchObject({
      $case: 'httpAuthSecurityScheme',
      value: { scheme: 'Bearer' },
    });
    expect(parsed.securitySchemes['ssws']?.scheme).toMatchObject({
      $case: 'apiKeySecurityScheme',
      value: { location: 'header', name: 'Authorization' },
    });
    expect(SdkAgentCard.toJSON(parsed)).toEqual(read(cards.v1));
  });
});

describe('the v0.3 card', () => {
  test('says where and how', () => {
    expect(read(cards.v03)).toMatchObject({
      protocolVersion: '0.3.0',
      url,
      preferredTransport: 'JSONRPC',
      additionalInterfaces: [
        { url, transport: 'JSONRPC' },
        { url, transport: 'HTTP+JSON' },
      ],
      capabilities: { streaming: true, pushNotifications: false, stateTransitionHistory: false },
      securitySchemes: {
        ssws: { type: 'apiKey', in: 'header', name: 'Authorization' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      security: [{ ssws: [] }, { bearer: [] }],
      supportsAuthenticatedExtendedCard: false,
    });
    expect(read(cards.v03)).not.toHaveProperty('supportedInterfaces');
  });

  test('the combined one is the same with the interfaces of v1.0 beside it', () => {
    expect(read(cards.combined)).toEqual({ ...read(cards.v03), supportedInterfaces: interfaces });
  });
});

describe('every card', () => {
  const documents = Object.entries(cards);

  test.each(documents)('%s: ETag and Last-Modified', (_name, document) => {
    expect(document.etag).toBe(`"${createHash('sha256').update(document.body).digest('hex')}"`);
    expect(document.lastModified).toBe('Mon, 23 Nov 2026 09:30:15 GMT');
  });

  test('the tags differ from each other and agree between replicas', () => {
    expect(new Set(documents.map(([, { etag }]) => etag)).size).toBe(3);
    expect(buildCards(structuredClone(revision), { publicUrl })).toEqual(cards);
  });

  test.each(documents)('%s: nothing of what the agent executes', (_name, { body }) => {
    expect(body).not.toMatch(/hidden|systemPrompt|execution|maxSteps/);
  });

  test.each(documents)('%s: the context variables are published', (_name, { body }) => {
    expect(body).toContain('"customer_id":{"type":"string"}');
  });

  test.each([
    ['a public agent', agentRevision({ execution: { access: 'public' } }), { publicUrl }],
    ['a gateway that lets everybody in', revision, { publicUrl, anonymousAllowed: true }],
  ])('%s asks for no credentials', (_what, open, options) => {
    for (const document of Object.values(buildCards(open, options))) {
      expect(document.body).not.toMatch(/"security/);
    }
  });

  test.each([
    [true, true, true],
    [true, false, false],
    [false, true, false],
  ])('push: the agent wants it %s, the gateway has it %s: %s', (pushNotifications, pushOn, expected) => {
    const wishing = agentRevision({ card: { capabilities: { streaming: true, pushNotifications } } });
    for (const document of Object.values(buildCards(wishing, { publicUrl, pushOn }))) {
      expect(read(document)).toMatchObject({ capabilities: { pushNotifications: expected } });
    }
  });

  test('an assigned agent does', () => {
    const { v1 } = buildCards(agentRevision({ execution: { access: 'assigned' } }), { publicUrl });
    expect(read(v1)).toHaveProperty('securityRequirements');
  });

  test('slashes at the end of the public URL do not count', () => {
    expect(buildCards(revision, { publicUrl: `${publicUrl}//` })).toEqual(cards);
  });
});

describe('chooseCard', () => {
  test.each<[string | undefined, string | undefined, '0.3' | '1.0', keyof typeof cards]>([
    [undefined, undefined, '0.3', 'combined'],
    ['', '', '0.3', 'combined'],
    [undefined, undefined, '1.0', 'v1'],
    ['1.0', undefined, '0.3', 'v1'],
    ['1.0.1', '0.3', '0.3', 'v1'],
    [undefined, '1.0', '0.3', 'v1'],
    ['0.3', undefined, '1.0', 'v03'],
    [undefined, '0.3.0', '1.0', 'v03'],
    ['2.0', undefined, '0.3', 'combined'],
    ['2.0', undefined, '1.0', 'v1'],
  ])('header %j, query %j, default %s: %s', (header, query, defaultVersion, name) => {
    expect(chooseCard(cards, header, query, defaultVersion)).toBe(cards[name]);
  });
});

describe('with gRPC', () => {
  const address = 'agents.example:50051';
  const overGrpc = { url: address, protocolBinding: 'GRPC', protocolVersion: '1.0', tenant: 'order-desk' };
  const current = interfaces.filter(({ protocolVersion }) => protocolVersion === '1.0');
  const legacy = interfaces.filter(({ protocolVersion }) => protocolVersion === '0.3');
  const legacyTransports = legacy.map(({ url, protocolBinding }) => ({ url, transport: protocolBinding }));

  test('names the agent as the tenant, and lists all of v1.0 first', () => {
    const grpc = { address, secure: true, defaultAgentId: 'order-desk' };
    const { v1, v03 } = buildCards(revision, { publicUrl, grpc });
    const legacyGrpc = { url: `https://${address}`, protocolBinding: 'GRPC', protocolVersion: '0.3' };
    expect(read(v1)['supportedInterfaces']).toEqual([...current, overGrpc, ...legacy, legacyGrpc]);
    expect(read(v03)).toMatchObject({
      url,
      preferredTransport: 'JSONRPC',
      additionalInterfaces: [...legacyTransports, { url: `https://${address}`, transport: 'GRPC' }],
    });
  });

  test('v0.3 cannot name an agent, so only the default one has it', () => {
    const grpc = { address, secure: false, defaultAgentId: 'another' };
    const { v1, v03 } = buildCards(revision, { publicUrl, grpc });
    expect(read(v1)['supportedInterfaces']).toEqual([...current, overGrpc, ...legacy]);
    expect(read(v03)['additionalInterfaces']).toEqual(legacyTransports);
  });
});
