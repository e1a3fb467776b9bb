import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentFile, modelEnv, startGateway, type TestGateway } from '../../support/gateway.ts';
import {
  gate,
  hangAfter,
  status,
  text,
  toolCalls,
  type Gate,
  type Reply,
} from '../../support/model-replies.ts';
import { startModelServer, type RecordedRequest } from '../../support/model-server.ts';
import { startService, type Service } from '../../support/service.ts';
import { storeKeys } from '../../support/stored-keys.ts';
import { connect, type CallerOptions, type Combination, type Driver } from './connect.ts';

/** One gateway with an agent for everything that there is to ask of one. */
export interface World {
  gateway: TestGateway;
  /** API keys: a user, another one, one without access, one to whom `assigned` is assigned. */
  keys: Record<'ann' | 'bob' | 'barred' | 'member', string>;
  dataDir: string;
  /** What the tool of `vault` asks. */
  shop: Service;
  /** Where an answer to `Tell <name>` waits in its middle. */
  gate(name: string): Gate;
  connect(combination: Combination, options?: Partial<CallerOptions>): Promise<Driver>;
  close(): Promise<void>;
}

const conformance = join(import.meta.dirname, '../../conformance/agent-cards');
const conformanceFiles = [
  'conformance-agent.ts',
  'conformance.yaml',
  'conformance-minimal.yaml',
  'conformance-extension.yaml',
];

export async function openWorld(): Promise<World> {
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate => {
    const known = gates.get(name) ?? gate();
    gates.set(name, known);
    return known;
  };
  const model = await startModelServer((request) => reply(request, gateOf));
  const shop = await startService(({ headers }) => ({
    body: { order: 'sent', by: headers.authorization ?? '' },
  }));
  const dataDir = await mkdtemp(join(tmpdir(), 'a2a-gateway-matrix-'));
  const keys = await storeKeys(dataDir, {
    ann: {},
    bob: {},
    barred: { user: { apiAccess: false } },
    member: { user: { assignedAgents: ['assigned'] } },
  });
  const gateway = await startGateway({
    files: { ...agents(shop.url), ...(await conformanceAgents()) },
    env: {
      ...modelEnv(model.baseUrl),
      GRPC_PORT: '0',
      DEFAULT_AGENT: 'talker',
      MODULE_AGENTS: 'true',
      EGRESS_ALLOW: '127.0.0.1',
    },
    dataDir,
  });
  return {
    gateway,
    keys,
    dataDir,
    shop,
    gate: gateOf,
    connect: async (combination, options) =>
      await connect(gateway, combination, { agentId: 'talker', key: keys.ann, ...options }),
    close: async () => {
      await gateway.stop();
      await Promise.all([model.close(), shop.close()]);
      await rm(dataDir, { recursive: true });
    },
  };
}

async function conformanceAgents(): Promise<Record<string, string>> {
  const read = conformanceFiles.map(async (name): Promise<[string, string]> => [
    name,
    await readFile(join(conformance, name), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

/** The answer stands in an artifact in both versions, so that they can be compared. */
const answerIn = 'artifact';

function agents(shopUrl: string): Record<string, object> {
  const refund = { id: 'refund', name: 'Refund', description: 'Pays back.', tags: ['money'] };
  return {
    'talker.yaml': {
      ...agentFile('talker', { answerIn }),
      extendedCard: { description: 'All that it can do.', skills: [refund] },
    },
    'another.yaml': agentFile('another', { answerIn }),
    'files.yaml': agentFile(
      'files',
      { answerIn },
      { defaultInputModes: ['text/plain', 'application/json', 'image/png'] },
    ),
    'assigned.yaml': agentFile('assigned', { answerIn, access: 'assigned' }),
    'vault.yaml': agentFile('vault', {
      answerIn,
      contextVariables: [
        {
          name: 'shop_token',
          description: 'The token of your shop account',
          schema: { type: 'string' },
          secret: true,
          onMissing: 'auth-required',
        },
      ],
      tools: [
        {
          name: 'find_order',
          type: 'http',
          method: 'GET',
          url: `${shopUrl}/orders`,
          parameters: { type: 'object', properties: {} },
          headers: { Authorization: { context: 'shop_token', prefix: 'Bearer ' } },
        },
      ],
    }),
  };
}

/** What the model says, by the last thing that it was told. */
function reply({ body }: RecordedRequest, gateOf: (name: string) => Gate): Reply {
  const last = body.messages.at(-1);
  const words = typeof last?.content === 'string' ? last.content : '';
  if (last?.role === 'tool') return text('The order ', 'is sent.');
  if (words.startsWith('Order')) return toolCalls([{ name: 'find_order', arguments: {} }]);
  if (words.startsWith('Tell ')) return text('first ', 'half, ', gateOf(words.slice(5)), 'second ', 'half');
  if (words.startsWith('Fail')) return status(400);
  if (words.startsWith('Hang')) return hangAfter('begun');
  return text('Hello ', 'world');
}
