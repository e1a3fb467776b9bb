import type {
  AgentDefinition,
  ContextVariable,
  DeclaredExecution,
  Limits,
  PublishedCard,
  Scenario,
} from './definition.ts';
import type { DataPermissions } from './data-permissions.ts';
import type { HeaderValue } from './declared-headers.ts';
import type { WrittenTool } from './tool-types/tool-types.ts';

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** The agent file as it is written: valid by its schema, defaults not filled in. */
export interface AgentFile extends Pick<AgentDefinition, 'schemaVersion' | 'id' | 'extendedCard'> {
  card: WrittenCard;
  execution: WrittenExecution;
}

export interface WrittenCard extends Optional<
  Omit<PublishedCard, 'capabilities'>,
  'defaultInputModes' | 'defaultOutputModes' | 'extensions'
> {
  capabilities?: Partial<PublishedCard['capabilities']>;
}

export type WrittenExecution = WrittenDeclared | WrittenRemote | WrittenModule;

/** The execution of a declared agent; of another kind: undefined. */
export function declaredPart(execution: WrittenExecution): WrittenDeclared | undefined {
  return execution.kind === 'a2a' || execution.kind === 'module' ? undefined : execution;
}

interface WrittenBase extends Partial<Pick<DeclaredExecution, 'access' | 'onReplicaLoss' | 'answerIn'>> {
  contextVariables?: WrittenVariable[];
  limits?: Partial<Limits>;
}

export interface WrittenDeclared extends WrittenBase, Pick<DeclaredExecution, 'responseSchema'> {
  kind?: 'declared';
  model?: Partial<DeclaredExecution['model']>;
  systemPrompt: string | { file: string };
  scenarios?: WrittenScenario[];
  fallbackMessage?: string;
  tools?: WrittenTool[];
  dataPermissions?: DataPermissions;
}

export interface WrittenRemote extends WrittenBase {
  kind: 'a2a';
  card: string;
  headers?: Record<string, HeaderValue>;
}

export interface WrittenModule extends WrittenBase {
  kind: 'module';
  module: string;
}

export type WrittenVariable = Optional<ContextVariable, 'required' | 'source' | 'secret'>;
export type WrittenScenario = Optional<Scenario, 'instructions' | 'examples'>;

/** Where in the file: property names and list positions from its root. */
export type FilePath = readonly (string | number)[];

/** What is wrong, before the line is known. `reason` never holds a value that may be a secret. */
export interface Finding {
  path: FilePath;
  reason: string;
}
