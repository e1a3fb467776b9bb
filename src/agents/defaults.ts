import type { AgentFile, WrittenDeclared, WrittenExecution } from './agent-file.ts';
import type {
  AgentDefinition,
  AgentExecution,
  DeclaredExecution,
  Limits,
  ModuleExecution,
  PublishedCard,
} from './definition.ts';
import { asDraft2020 } from './json-schema.ts';
import type { ToolDefinition } from './tool-types/tool-types.ts';

const defaultLimits: Limits = {
  maxSteps: 8,
  maxToolCalls: 16,
  timeoutSeconds: 120,
  toolTimeoutSeconds: 20,
  queryTimeoutSeconds: 5,
  maxHistoryMessages: 20,
  maxResultCharacters: 20_000,
  approvalTimeoutSeconds: 86_400,
  maxDepth: 4,
};

const defaultFallback = 'I cannot help with that. Please ask about what this agent is made for.';

/** What the file names and the loader has read or looked up. */
export interface ResolvedFiles {
  prompt: string;
  /** The definitions of a declared agent's tools. */
  tools: ToolDefinition[];
  /** The file of a module agent. */
  module?: Pick<ModuleExecution, 'module' | 'moduleHash'>;
}

/** The definition as everybody else sees it: nothing left out, folders absolute, the prompt's text in place. */
export function withDefaults(file: AgentFile, files: ResolvedFiles): AgentDefinition {
  const { schemaVersion, id, card, extendedCard, execution } = file;
  return {
    schemaVersion,
    id,
    card: publishedCard(card),
    ...(extendedCard && { extendedCard }),
    execution: agentExecution(execution, files),
  };
}

function publishedCard(card: AgentFile['card']): PublishedCard {
  return {
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'application/json'],
    extensions: [],
    ...card,
    capabilities: { streaming: true, pushNotifications: true, ...card.capabilities },
  };
}

function agentExecution(execution: WrittenExecution, files: ResolvedFiles): AgentExecution {
  switch (execution.kind) {
    case 'a2a':
      return { headers: {}, ...execution, ...everyKind(execution) };
    case 'module':
      return { moduleHash: '', ...execution, ...files.module, ...everyKind(execution) };
    default:
      return declaredExecution(execution, files);
  }
}

function everyKind(execution: WrittenExecution) {
  return {
    access: execution.access ?? 'authenticated',
    onReplicaLoss: execution.onReplicaLoss ?? 'rerun',
    contextVariables: (execution.contextVariables ?? []).map((variable) => ({
      required: variable.onMissing !== undefined,
      source: 'request' as const,
      secret: false,
      ...variable,
      schema: asDraft2020(variable.schema),
    })),
    limits: { ...defaultLimits, ...execution.limits },
  };
}

function declaredExecution(execution: WrittenDeclared, files: ResolvedFiles): DeclaredExecution {
  const { tools } = files;
  const { onReplicaLoss = tools.some(({ sideEffects }) => sideEffects) ? 'fail' : 'rerun' } = execution;
  return {
    fallbackMessage: defaultFallback,
    dataPermissions: {},
    ...execution,
    ...everyKind({ ...execution, onReplicaLoss }),
    kind: 'declared',
    model: { fallbackLlmIds: [], ...execution.model },
    systemPrompt: files.prompt,
    scenarios: (execution.scenarios ?? []).map((scenario) => ({
      instructions: '',
      examples: [],
      ...scenario,
    })),
    tools,
    ...(execution.responseSchema && { responseSchema: asDraft2020(execution.responseSchema) }),
  };
}
