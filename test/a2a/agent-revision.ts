import type {
  AgentDefinition,
  AgentRevision,
  ContextVariable,
  DeclaredExecution,
  PublishedCard,
} from '../../src/agents/definition.ts';

export interface RevisionParts {
  card?: Partial<PublishedCard>;
  execution?: Partial<DeclaredExecution>;
}

/** A revision of an agent of model, prompt and tools. */
export interface DeclaredRevision extends AgentRevision {
  definition: AgentDefinition & { execution: DeclaredExecution };
}

/** A small valid revision of the agent `order-desk`. */
export function agentRevision({ card, execution }: RevisionParts = {}): DeclaredRevision {
  return {
    id: 'order-desk',
    revision: '0123456789ab',
    createdAt: '2026-11-22T08:00:00.000Z',
    updatedAt: '2026-11-23T09:30:15.250Z',
    definition: {
      schemaVersion: '1',
      id: 'order-desk',
      card: { ...publishedCard, ...card },
      execution: { ...declaredExecution, ...execution },
    },
  };
}

/** A variable that the request provides. */
export function requestVariable(name: string, options: Partial<ContextVariable> = {}): ContextVariable {
  return { name, schema: { type: 'string' }, required: false, source: 'request', secret: false, ...options };
}

const publishedCard: PublishedCard = {
  name: 'Order desk',
  description: 'Answers questions about orders.',
  version: '1.2.3',
  skills: [
    { id: 'status', name: 'Order status', description: 'Finds orders.', tags: ['orders'], examples: ['42?'] },
  ],
  provider: { organization: 'Acme', url: 'https://acme.example' },
  documentationUrl: 'https://acme.example/docs',
  defaultInputModes: ['text/plain', 'application/json'],
  defaultOutputModes: ['text/plain'],
  extensions: [],
  capabilities: { streaming: true, pushNotifications: true },
};

const declaredExecution: DeclaredExecution = {
  kind: 'declared',
  model: { fallbackLlmIds: ['hidden-fallback'] },
  systemPrompt: 'hidden system prompt',
  contextVariables: [],
  scenarios: [
    { name: 'hidden scenario', description: 'hidden', instructions: 'hidden instructions', examples: [] },
  ],
  fallbackMessage: 'hidden fallback message',
  tools: [{ type: 'knowledge', name: 'hidden_tool', source: '/hidden/source', topK: 3 }],
  dataPermissions: {},
  access: 'authenticated',
  onReplicaLoss: 'fail',
  limits: {
    maxSteps: 8,
    maxToolCalls: 16,
    timeoutSeconds: 120,
    toolTimeoutSeconds: 20,
    maxHistoryMessages: 20,
    maxResultCharacters: 20_000,
    approvalTimeoutSeconds: 86_400,
    maxDepth: 4,
    queryTimeoutSeconds: 5,
  },
};
